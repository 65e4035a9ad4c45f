#include "daemons/socket-bridge/conditions/socket-condition.hpp"

#include "daemons/bridge/conditions/variables.hpp"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <format>
#include <ranges>

namespace upstart::socket_bridge {

namespace {

using bridge::ConditionFault;
using protocol::Environment;
using Outcome = std::expected<void, ConditionFault>;

constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;

// Which variables a kind of socket has.
struct Protocol {
  std::string_view word;
  Family family;
  std::span<const std::string_view> variables;
};

constexpr std::array<std::string_view, 5> network_variables{"PROTO", "PORT", "ADDR", "TYPE", "FDNAME"};
constexpr std::array<std::string_view, 8> file_variables{"PROTO", "SOCKET_PATH", "PATH",  "TYPE",
                                                         "MODE",  "OWNER",       "GROUP", "FDNAME"};
constexpr std::array<std::string_view, 7> fifo_variables{"PROTO", "SOCKET_PATH", "PATH",  "MODE",
                                                         "OWNER", "GROUP",       "FDNAME"};

constexpr std::array protocols{
    Protocol{"inet", Family::inet, network_variables},
    Protocol{"inet6", Family::inet6, network_variables},
    Protocol{"unix", Family::unix_path, file_variables},
    Protocol{"fifo", Family::fifo, fifo_variables},
};

std::unexpected<ConditionFault> fault(std::string_view variable, std::string message) {
  return std::unexpected{ConditionFault{std::string{variable}, std::move(message)}};
}

std::expected<const Protocol*, ConditionFault> protocol_of(const Environment& variables) {
  auto word = variables.get("PROTO");
  if (!word) return fault("PROTO", "is missing; one of inet, inet6, unix, fifo is needed");
  auto found = std::ranges::find(protocols, *word, &Protocol::word);
  if (found == protocols.end())
    return fault("PROTO", std::format("unknown value {}; one of inet, inet6, unix, fifo is needed", *word));
  return &*found;
}

Outcome only_its_variables(const Environment& variables, const Protocol& protocol) {
  for (const auto& entry : variables.strings()) {
    auto key = protocol::key_of(entry);
    if (std::ranges::contains(protocol.variables, key)) continue;
    std::string known;
    for (auto variable : protocol.variables) known.append(known.empty() ? "" : ", ").append(variable);
    return fault(key, std::format("not a variable of PROTO={}; known are {}", protocol.word, known));
  }
  return {};
}

Outcome take_transport(const Environment& variables, SocketCondition& condition) {
  auto type = variables.get("TYPE");
  if (!type || *type == "stream") return {};
  if (*type != "dgram") return fault("TYPE", std::format("unknown value {}; stream or dgram is needed", *type));
  condition.address.transport = Transport::datagram;
  return {};
}

// An address of the other kind, or one that stands for it, can never be bound.
Outcome is_of_its_kind(Family family, const std::string& host) {
  bool six = family == Family::inet6;
  if (auto mapped = mapped_ipv4(host))
    return fault("ADDR", std::format("{} is an IPv4 address; write PROTO=inet and ADDR={}", host, *mapped));
  if (numeric_host(six ? Family::inet : Family::inet6, host))
    return fault("ADDR", std::format("{} is an {} address; write PROTO={}", host, six ? "IPv4" : "IPv6",
                                     six ? "inet" : "inet6"));
  return {};
}

// Brackets would be taken for a pattern.
Outcome has_no_brackets(std::span<const std::string> arguments) {
  for (const auto& argument : arguments) {
    auto value = protocol::value_of(argument);
    if (protocol::key_of(argument) == "ADDR" && value.starts_with('[') && value.ends_with(']') && value.contains(':'))
      return fault("ADDR", std::format("write the address without brackets: {}", value.substr(1, value.size() - 2)));
  }
  return {};
}

Outcome take_network_address(const Environment& variables, SocketCondition& condition) {
  auto& address = condition.address;
  auto port = variables.get("PORT");
  if (!port) return fault("PORT", "is missing");
  auto number = port_number(*port);
  if (!number) return fault("PORT", std::format("{} is no port; a number from 1 to 65535 is needed", *port));
  bool six = address.family == Family::inet6;
  std::string host{variables.get("ADDR").value_or(six ? "::" : "0.0.0.0")};
  if (auto kind = is_of_its_kind(address.family, host); !kind) return kind;
  auto numeric = numeric_host(address.family, host);
  if (!numeric)
    return fault("ADDR", std::format("{} is no numeric {} address, such as {}", host, six ? "IPv6" : "IPv4",
                                     six ? "::1" : "127.0.0.1"));
  if (six && is_of_one_link(*numeric) && without_zone(*numeric).second.empty())
    return fault("ADDR",
                 std::format("{} is the address of one link; its interface is needed, such as {}%eth0", host, host));
  address.port = *number;
  address.host = *numeric;
  condition.event.set("PORT", *port);
  condition.event.set("ADDR", host);
  return {};
}

// Without what can be left out whatever lies there. What ".." means depends on links, and a slash at the end asks for a
// directory: both stay.
std::string without_empty_steps(std::string_view path) {
  std::string shorter;
  for (auto step : std::views::split(path, '/')) {
    std::string_view name{step.begin(), step.end()};
    if (!name.empty() && name != ".") shorter.append("/").append(name);
  }
  return path.ends_with('/') || path.ends_with("/.") ? std::string{path} : shorter;
}

Outcome take_path(const Environment& variables, SocketCondition& condition) {
  auto& address = condition.address;
  auto path = variables.get("SOCKET_PATH");
  auto older = variables.get("PATH");
  if (!path && !older) return fault("SOCKET_PATH", "is missing");
  if (path && older && *path != *older) return fault("PATH", "differs from SOCKET_PATH; one of them is enough");
  std::string_view variable = path ? "SOCKET_PATH" : "PATH";
  std::string_view value = path ? *path : *older;
  bool abstract = value.starts_with('@') && address.family == Family::unix_path;
  if (address.family == Family::fifo && !value.starts_with('/'))
    return fault(variable, std::format("{} is no absolute path; a FIFO has a path and no abstract name", value));
  if (!abstract && !value.starts_with('/'))
    return fault(variable, std::format("{} is neither an absolute path nor @ and a name", value));
  if (abstract && value.size() == 1) return fault(variable, "a name is needed after @");
  address.path = abstract ? std::string{value.substr(1)} : without_empty_steps(value);
  if (address.family == Family::unix_path && address.path.size() + (abstract ? 1 : 0) > longest_path)
    return fault(variable, std::format("longer than the {} bytes that a socket's path may have", longest_path));
  if (abstract) address.family = Family::abstract;
  condition.event.set("SOCKET_PATH", value);
  if (older) condition.event.set("PATH", value);
  return {};
}

Outcome take_name(const Environment& variables, SocketCondition& condition) {
  const auto& address = condition.address;
  if (auto name = variables.get("FDNAME")) {
    auto is_bad = [](unsigned char c) { return c < ' ' || c == 0x7f || c == ':'; };
    if (name->empty() || name->size() > 255 || std::ranges::any_of(*name, is_bad))
      return fault("FDNAME", std::format("{} is no name; up to 255 characters without : are needed", *name));
    condition.name = *name;
    return {};
  }
  bool network = address.family == Family::inet || address.family == Family::inet6;
  condition.name = network ? std::to_string(address.port) : address.path.substr(address.path.rfind('/') + 1);
  std::ranges::replace_if(condition.name, [](unsigned char c) { return c < ' ' || c == 0x7f || c == ':'; }, '_');
  return {};
}

Outcome take_permissions(const Environment& variables, SocketCondition& condition) {
  auto& permissions = condition.permissions;
  for (auto variable : {"MODE", "OWNER", "GROUP"})
    if (variables.contains(variable) && condition.address.family == Family::abstract)
      return fault(variable, "an abstract socket has no file, so no owner or mode");
  if (auto mode = variables.get("MODE")) {
    unsigned bits = 0;
    auto [end, error] = std::from_chars(mode->data(), mode->data() + mode->size(), bits, 8);
    if (error != std::errc{} || end != mode->data() + mode->size() || bits > 0777U)
      return fault("MODE", std::format("{} is no mode; an octal number up to 0777 is needed", *mode));
    permissions.mode = bits;
  }
  permissions.owner = variables.get("OWNER").value_or("");
  permissions.group = variables.get("GROUP").value_or("");
  if (variables.contains("OWNER") && permissions.owner.empty())
    return fault("OWNER", "is empty; a user name or number is needed");
  if (variables.contains("GROUP") && permissions.group.empty())
    return fault("GROUP", "is empty; a group name or number is needed");
  return {};
}

} // namespace

bool is_of_master(std::span<const std::string> arguments) {
  return std::ranges::any_of(arguments, [](const auto& word) { return protocol::key_of(word) == "CONNECTION"; });
}

std::expected<SocketCondition, ConditionFault> parse_condition(std::span<const std::string> arguments) {
  if (auto plain = has_no_brackets(arguments); !plain) return std::unexpected(plain.error());
  auto variables = bridge::variables_of(arguments, bridge::Patterns::refused);
  if (!variables) return std::unexpected(variables.error());
  auto protocol = protocol_of(*variables);
  if (!protocol) return std::unexpected(protocol.error());
  SocketCondition condition;
  condition.address.family = (*protocol)->family;
  condition.event.set("PROTO", (*protocol)->word);
  bool network = condition.address.family == Family::inet || condition.address.family == Family::inet6;
  auto outcome = only_its_variables(*variables, **protocol)
                     .and_then([&] { return take_transport(*variables, condition); })
                     .and_then([&] {
                       return network ? take_network_address(*variables, condition) : take_path(*variables, condition);
                     })
                     .and_then([&] { return take_permissions(*variables, condition); })
                     .and_then([&] { return take_name(*variables, condition); });
  if (!outcome) return std::unexpected(outcome.error());
  condition.event.merge(*variables); // those not there yet come last: TYPE, MODE, OWNER, GROUP, FDNAME
  return condition;
}

} // namespace upstart::socket_bridge
