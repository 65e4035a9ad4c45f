#include "daemons/local-bridge/lines/line-event.hpp"

#include <algorithm>
#include <format>

namespace upstart::local_bridge {

namespace {

constexpr bool may_be_in_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

} // namespace

std::expected<protocol::Environment, std::string> environment_of(std::string_view line, const Origin& origin) {
  auto name = protocol::key_of(line);
  if (line.contains('\0')) return std::unexpected("it has a byte of value 0");
  if (name.size() == line.size()) return std::unexpected("it has no `='; NAME=VALUE is needed");
  if (name.empty() || !std::ranges::all_of(name, may_be_in_a_name) || (name.front() >= '0' && name.front() <= '9'))
    return std::unexpected("what comes before `=' is no name of a variable: letters, digits and _, no digit first");
  protocol::Environment environment{
      {"SOCKET_TYPE=unix", std::format("SOCKET_VARIANT={}", origin.path.starts_with('@') ? "abstract" : "named"),
       std::format("CLIENT_UID={}", origin.uid), std::format("CLIENT_GID={}", origin.gid),
       std::format("CLIENT_PID={}", origin.pid), std::format("SOCKET_PATH={}", origin.path)}};
  if (environment.contains(name)) return std::unexpected("the bridge itself says that variable");
  environment.set_string(line);
  return environment;
}

} // namespace upstart::local_bridge
