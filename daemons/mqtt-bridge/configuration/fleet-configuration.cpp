#include "daemons/mqtt-bridge/configuration/fleet-configuration.hpp"

#include "protocol/event-pattern.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <format>
#include <optional>
#include <set>

namespace upstart::mqtt_bridge {

namespace {

using Problem = std::optional<std::string>; // what is wrong with a value, and what would be right
constexpr std::string_view blank = " \t\r";

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (text = trimmed(text); !text.empty();) {
    auto end = std::min(text.find_first_of(blank), text.size());
    words.emplace_back(text.substr(0, end));
    text = trimmed(text.substr(end));
  }
  return words;
}

template <typename Number> std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A port follows the last colon, unless that is within the brackets of an IPv6 address.
Problem take_broker(FleetConfiguration& into, std::string_view value) {
  constexpr std::string_view secure = "mqtts://";
  if (!value.starts_with(secure))
    return std::format(
        "`{}' is no address of a broker; mqtts://HOST:PORT is needed (there is no connection without TLS)", value);
  auto place = value.substr(secure.size());
  if (place.ends_with('/')) place.remove_suffix(1);
  auto colon = place.rfind(':');
  if (colon != std::string_view::npos && place.find(']', colon) == std::string_view::npos) {
    auto port = number_of<std::uint16_t>(place.substr(colon + 1));
    if (!port || *port == 0)
      return std::format("`{}' is no port; a number from 1 to 65535 is", place.substr(colon + 1));
    into.port = *port;
    place = place.substr(0, colon);
  }
  if (place.starts_with('[') && place.ends_with(']')) place = place.substr(1, place.size() - 2);
  if (place.empty() || place.find_first_of("/@ ") != std::string_view::npos)
    return std::format("`{}' names no host; mqtts://HOST:PORT is needed", value);
  into.host = place;
  return std::nullopt;
}

Problem take_name(std::string& into, std::string_view value) {
  into = value;
  if (is_node_name(value)) return std::nullopt;
  return std::format("`{}' is no name; letters, digits, `-', `_' and `.' are allowed, 128 of them at most", value);
}

Problem take_path(std::string& into, std::string_view value) {
  into = value;
  if (value.starts_with('/')) return std::nullopt;
  return std::format("`{}' is no absolute path", value);
}

// A topic has at most 64 KiB, and a name is one level of it.
Problem take_patterns(std::vector<std::string>& into, std::string_view value) {
  into = words_of(value);
  for (const auto& pattern : into)
    if (pattern.size() > 1000) return "a pattern is longer than 1000 bytes";
  return std::nullopt;
}

Problem take_commands(std::vector<std::string>& into, std::string_view value) {
  into = words_of(value);
  for (const auto& word : into) {
    if (std::ranges::contains(remote_commands(), word)) continue;
    std::string known;
    for (auto command : remote_commands()) known += (known.empty() ? "" : " ") + std::string{command};
    return std::format("`{}' is no command that other nodes could ask for; these are: {}", word, known);
  }
  return std::nullopt;
}

Problem take_size(std::uint64_t& into, std::string_view value) {
  constexpr std::string_view suffixes = "KMG";
  auto digits = value;
  unsigned shift = 0;
  if (auto suffix = suffixes.find(value.empty() ? ' ' : value.back()); suffix != std::string_view::npos) {
    shift = 10U * (static_cast<unsigned>(suffix) + 1U);
    digits.remove_suffix(1);
  }
  auto number = number_of<std::uint32_t>(digits);
  if (!number || *number == 0) return std::format("`{}' is no size; a number is, with K, M or G after it", value);
  into = std::uint64_t{*number} << shift;
  constexpr std::uint64_t least = 64U << 10U, most = std::uint64_t{4} << 30U;
  if (into < least || into > most) return std::format("`{}' is out of range; 64K to 4G is allowed", value);
  return std::nullopt;
}

struct Key {
  std::string_view name;
  bool may_be_empty;
  Problem (*take)(FleetConfiguration&, std::string_view);
};

constexpr std::array keys{
    Key{"broker", false, take_broker},
    Key{"fleet", false, [](auto& into, auto value) { return take_name(into.fleet, value); }},
    Key{"node", false, [](auto& into, auto value) { return take_name(into.node, value); }},
    Key{"ca", false, [](auto& into, auto value) { return take_path(into.ca, value); }},
    Key{"certificate", false, [](auto& into, auto value) { return take_path(into.certificate, value); }},
    Key{"key", false, [](auto& into, auto value) { return take_path(into.key, value); }},
    Key{"username", false,
        [](auto& into, auto value) {
          into.username = value;
          return Problem{};
        }},
    Key{"password-file", false, [](auto& into, auto value) { return take_path(into.password_file, value); }},
    Key{"publish", true, [](auto& into, auto value) { return take_patterns(into.publish, value); }},
    Key{"accept", true, [](auto& into, auto value) { return take_patterns(into.accept, value); }},
    Key{"allow", true, [](auto& into, auto value) { return take_commands(into.allow, value); }},
    Key{"queue", false, [](auto& into, auto value) { return take_size(into.queue, value); }},
};

std::string known_keys() {
  std::string text;
  for (const auto& key : keys) text += (text.empty() ? "" : ", ") + std::string{key.name};
  return text;
}

class Parser {
public:
  explicit Parser(std::string_view text) {
    for (unsigned number = 1; !text.empty(); ++number) {
      auto end = std::min(text.find('\n'), text.size());
      take_line(number, trimmed(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  std::expected<FleetConfiguration, std::vector<ConfigurationFault>> result(const std::string& host_name) {
    if (!seen_.contains("node")) add_node(host_name);
    for (std::string_view needed : {"broker", "fleet"})
      if (!seen_.contains(needed)) fail(0, std::format("`{} = …' is missing", needed));
    if (seen_.contains("certificate") != seen_.contains("key"))
      fail(0, "`certificate' and `key' belong together: one of them is missing");
    if (seen_.contains("password-file") && !seen_.contains("username"))
      fail(0, "`password-file' is there, but `username' is missing");
    if (!faults_.empty()) return std::unexpected(std::move(faults_));
    return std::move(configuration_);
  }

private:
  void fail(unsigned line, std::string message) { faults_.push_back({line, std::move(message)}); }

  void add_node(const std::string& host_name) {
    if (auto problem = take_name(configuration_.node, host_name))
      fail(0, std::format("`node = NAME' is missing, and the name of the host cannot stand for it: {}", *problem));
  }

  void take_line(unsigned number, std::string_view line) {
    if (line.empty() || line.starts_with('#')) return;
    auto equals = line.find('=');
    if (equals == std::string_view::npos)
      return fail(number, std::format("`{}' has no `='; a line is KEY = VALUE", line));
    auto name = trimmed(line.substr(0, equals)), value = trimmed(line.substr(equals + 1));
    auto key = std::ranges::find(keys, name, &Key::name);
    if (key == keys.end()) return fail(number, std::format("unknown key `{}'; known keys are {}", name, known_keys()));
    if (!seen_.insert(key->name).second) return fail(number, std::format("`{}' is there already", name));
    if (value.empty() && !key->may_be_empty) return fail(number, std::format("`{}' has no value", name));
    if (auto problem = key->take(configuration_, value)) fail(number, std::format("{}: {}", name, *problem));
  }

  FleetConfiguration configuration_;
  std::set<std::string_view> seen_;
  std::vector<ConfigurationFault> faults_;
};

bool fits_one(const std::vector<std::string>& patterns, const std::string& event) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return protocol::event_fits(pattern, event); });
}

} // namespace

std::string FleetConfiguration::broker() const { return std::format("mqtts://{}:{}", host, port); }
bool FleetConfiguration::publishes(const std::string& event) const { return fits_one(publish, event); }
bool FleetConfiguration::accepts(const std::string& event) const { return fits_one(accept, event); }
bool FleetConfiguration::allows(std::string_view command) const { return std::ranges::contains(allow, command); }

std::string describe(const ConfigurationFault& fault, std::string_view file) {
  if (fault.line == 0) return std::format("{}: {}", file, fault.message);
  return std::format("{}:{}: {}", file, fault.line, fault.message);
}

std::expected<FleetConfiguration, std::vector<ConfigurationFault>> parse_configuration(std::string_view text,
                                                                                       const std::string& host_name) {
  return Parser{text}.result(host_name);
}

const std::vector<std::string_view>& remote_commands() {
  static const std::vector<std::string_view> commands{"list",    "status", "explain", "start", "stop",
                                                      "restart", "reload", "log",     "emit"};
  return commands;
}

bool is_node_name(std::string_view name) {
  constexpr std::size_t longest = 128;
  auto is_allowed = [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           std::string_view{"-_."}.contains(byte);
  };
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, is_allowed);
}

} // namespace upstart::mqtt_bridge
