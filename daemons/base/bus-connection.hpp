// A D-Bus connection on the event loop: an sdbus-c++ connection over an sd_bus that is already authenticated, whose
// messages are processed as they come. Everything that may wait (connecting, authenticating) happens before, on the
// loop, in `Handshake`: a peer that connects and says nothing holds up nobody.
//
// The owner may destroy a connection at any time but from within a message handler of that very connection; the
// disconnect callback is a good place, since it comes from the loop. What could not be written by then, because the
// other end did not read, is dropped; a client that sends and goes calls sd_bus_flush first.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace upstart::base {

// Who is at the other end, as the kernel (peer) or the bus daemon says.
struct Caller {
  uid_t uid = static_cast<uid_t>(-1);
  pid_t pid = 0;
};

class BusConnection {
public:
  // Takes over a ready sd_bus (see Handshake). `peer` is who is at the other end of a direct connection; nothing
  // where a bus daemon is between.
  BusConnection(EventLoop& loop, sd_bus* ready, std::optional<Caller> peer);
  BusConnection(const BusConnection&) = delete;
  BusConnection& operator=(const BusConnection&) = delete;
  ~BusConnection();

  // The connection to register objects and proxies on. Destroy those before this.
  [[nodiscard]] sdbus::IConnection& sdbus() { return *connection_; }
  // The same connection for what sdbus-c++ does not offer (filters, fallback handlers, enumerators).
  [[nodiscard]] sd_bus* raw() { return bus_; }
  [[nodiscard]] bool is_peer() const { return peer_.has_value(); }

  // Called once, from the loop, when the other end has gone.
  void on_disconnected(std::function<void()> action) { disconnected_ = std::move(action); }

  // Who sent this message. On a bus the first message of a sender costs a question to the bus daemon; a sender that
  // has gone by then is nobody (uid -1).
  [[nodiscard]] Caller caller_of(const sdbus::Message& message) { return caller_named(message.getSender()); }
  [[nodiscard]] Caller caller_of(sd_bus_message* message) { return caller_named(sd_bus_message_get_sender(message)); }

private:
  Caller caller_named(const char* sender);
  void process();
  void before_waiting();
  void lost();

  EventLoop& loop_;
  sd_bus* bus_;
  std::unique_ptr<sdbus::IConnection> connection_;
  std::optional<Caller> peer_;
  std::map<std::string, Caller, std::less<>> callers_;
  std::function<void()> disconnected_;
  FdWatcher watcher_;
  Timer timer_;
  BeforeWaiting before_waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool lost_ = false;
};

// Whether this is how the library says that the other end has gone.
[[nodiscard]] bool is_hang_up(const sdbus::Error& error);

// Sends something on a connection that may just have been hung up on: that is not the sender's error, and
// `on_disconnected` tells it to whoever owns the connection. Any other reason why it cannot be sent is the answer.
template <typename Send> [[nodiscard]] std::optional<std::string> send_if_connected(Send&& send) {
  try {
    std::forward<Send>(send)();
  } catch (const sdbus::Error& error) {
    if (!is_hang_up(error)) return error.getMessage();
  }
  return std::nullopt;
}

// A connection on its way: connects and authenticates on the loop, then answers once. Destroy it to give up.
class Handshake {
public:
  using Done = std::function<void(std::expected<std::unique_ptr<BusConnection>, std::string>)>;

  // To a bus daemon at this D-Bus address.
  static std::unique_ptr<Handshake> to_bus(EventLoop& loop, const std::string& address, Done done);
  // To a peer-to-peer server at this D-Bus address.
  static std::unique_ptr<Handshake> to_peer(EventLoop& loop, const std::string& address, Done done);
  // From a client that was accepted on a listening socket.
  static std::unique_ptr<Handshake> from_client(EventLoop& loop, FileDescriptor accepted, Done done);

  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;
  ~Handshake();

  // That is why there is no connection.
  [[nodiscard]] bool out_of_descriptors() const { return out_of_descriptors_; }

private:
  Handshake(EventLoop& loop, std::optional<Caller> peer, bool direct, Done done);
  void begin(int error);
  void step();
  std::expected<std::unique_ptr<BusConnection>, std::string> connection();
  void finish(std::expected<std::unique_ptr<BusConnection>, std::string> outcome);

  EventLoop& loop_;
  sd_bus* bus_ = nullptr;
  std::optional<Caller> peer_;
  bool direct_;
  bool out_of_descriptors_ = false;
  Done done_;
  std::unique_ptr<FdWatcher> watcher_;
  Timer time_out_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// How long a handshake may take.
inline constexpr std::chrono::milliseconds handshake_limit{10'000};

} // namespace upstart::base
