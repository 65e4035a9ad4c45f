#include "daemons/base/program/own-socket.hpp"

#include "daemons/base/listen.hpp"

#include <string_view>

namespace upstart::base {

std::expected<OwnSocket, std::string> OwnSocket::open(std::multimap<std::string, FileDescriptor>& inherited,
                                                      const std::string& name, const std::string& address) {
  if (auto handed = inherited.extract(name)) return OwnSocket{std::move(handed.mapped()), {}};
  constexpr std::string_view path_prefix = "unix:path=";
  return listen_at(address).transform([&](FileDescriptor made) {
    return OwnSocket{std::move(made), address.starts_with(path_prefix) ? address.substr(path_prefix.size()) : ""};
  });
}

OwnSocket::~OwnSocket() {
  if (!made_.empty()) ::unlink(made_.c_str());
}

} // namespace upstart::base
