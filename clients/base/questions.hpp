// Many questions over one connection, sent without waiting for the answers in between. At most `window` are open at a
// time, which a bus daemon's limit on pending replies allows. Objects that have been removed meanwhile are ignored.
#pragma once

#include "clients/base/connection.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <vector>

namespace upstart::client {

using Properties = std::map<sdbus::PropertyName, sdbus::Variant>;

// True for the error that says that an object does not exist (any more).
[[nodiscard]] inline bool is_gone(const sdbus::Error& error) {
  return error.getName() == protocol::error_name::unknown_method;
}

// True for what is said where there is no such method, or a bus lets nobody call it: then nothing has been done.
[[nodiscard]] inline bool is_not_taken(const sdbus::Error& error) {
  constexpr std::array names{"org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownInterface",
                             "org.freedesktop.DBus.Error.AccessDenied"};
  return std::ranges::contains(names, std::string_view{error.getName()});
}

class Questions {
public:
  explicit Questions(Connection& connection) : connection_{connection} {}

  using Arguments = std::function<void(sdbus::MethodCall&)>;

  // `answered` is called from `wait`, or from a later `ask`.
  template <typename Answer>
  void ask(const sdbus::ObjectPath& path, const char* interface, const char* method, const Arguments& add_arguments,
           std::function<void(const Answer&)> answered) {
    while (open_ >= window) connection_.handle_message();
    auto& proxy = *proxies_.emplace_back(sdbus::createProxy(connection_.sdbus(), connection_.destination(), path));
    auto call = proxy.createMethodCall(sdbus::InterfaceName{interface}, sdbus::MethodName{method});
    add_arguments(call);
    ++open_;
    proxy.callMethodAsync(
        call, [this, answered = std::move(answered)](sdbus::MethodReply reply, std::optional<sdbus::Error> error) {
          --open_;
          if (error) return note(*error);
          Answer answer;
          reply >> answer;
          answered(answer);
        });
  }

  // Every property of an object of this interface.
  void ask_properties(const sdbus::ObjectPath& path, const char* interface,
                      std::function<void(const Properties&)> answered) {
    auto of_interface = [interface](sdbus::MethodCall& call) { call << std::string{interface}; };
    ask<Properties>(path, "org.freedesktop.DBus.Properties", "GetAll", of_interface, std::move(answered));
  }

  // Waits for the answers to all; throws the first error that is not a disappearance.
  void wait() {
    while (open_ > 0) connection_.handle_message();
    proxies_.clear();
    if (error_) throw sdbus::Error{*error_};
  }

private:
  static constexpr std::size_t window = 64;

  void note(const sdbus::Error& error) {
    if (!is_gone(error) && !error_) error_ = error;
  }

  Connection& connection_;
  std::vector<std::unique_ptr<sdbus::IProxy>> proxies_;
  std::size_t open_ = 0;
  std::optional<sdbus::Error> error_;
};

} // namespace upstart::client
