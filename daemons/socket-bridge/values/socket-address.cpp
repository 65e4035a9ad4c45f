#include "daemons/socket-bridge/values/socket-address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <format>

namespace upstart::socket_bridge {

namespace {

struct Kind {
  std::string_view word;
  Family family;
  Transport transport;
};

constexpr std::array kinds{
    Kind{"inet", Family::inet, Transport::stream},
    Kind{"inet6", Family::inet6, Transport::stream},
    Kind{"unix", Family::unix_path, Transport::stream},
    Kind{"abstract", Family::abstract, Transport::stream},
    Kind{"fifo", Family::fifo, Transport::stream},
    Kind{"inet-dgram", Family::inet, Transport::datagram},
    Kind{"inet6-dgram", Family::inet6, Transport::datagram},
    Kind{"unix-dgram", Family::unix_path, Transport::datagram},
    Kind{"abstract-dgram", Family::abstract, Transport::datagram},
};

constexpr std::string_view name_prefix = "socket.";
constexpr std::size_t longest_name = 255; // as service managers have it

std::string_view word_of(const SocketAddress& address) {
  for (const auto& kind : kinds)
    if (kind.family == address.family && kind.transport == address.transport) return kind.word;
  return "fifo";
}

const Kind* kind_of(std::string_view word) {
  for (const auto& kind : kinds)
    if (kind.word == word) return &kind;
  return nullptr;
}

std::optional<SocketAddress> with_host_and_port(SocketAddress address, std::string_view rest) {
  auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string host{rest.substr(0, colon)};
  if (address.family == Family::inet6) {
    if (!host.starts_with('[') || !host.ends_with(']') || host.size() < 2) return std::nullopt;
    host = host.substr(1, host.size() - 2);
  }
  auto numeric = numeric_host(address.family, host);
  auto port = port_number(rest.substr(colon + 1));
  if (!numeric || !port) return std::nullopt;
  address.host = *numeric;
  address.port = *port;
  return address;
}

constexpr bool fits_a_name(char c) { return c > ' ' && c < 0x7f && c != ':' && c != '%'; }

std::optional<std::string> without_escapes(std::string_view escaped) {
  std::string text;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%') {
      text += escaped[i];
      continue;
    }
    unsigned value = 0;
    auto digits = escaped.substr(i + 1, 2);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return std::nullopt;
    text += static_cast<char>(value);
    i += 2;
  }
  return text;
}

} // namespace

std::string text_of(const SocketAddress& address) {
  auto word = word_of(address);
  if (address.family == Family::inet) return std::format("{}:{}:{}", word, address.host, address.port);
  if (address.family == Family::inet6) return std::format("{}:[{}]:{}", word, address.host, address.port);
  return std::format("{}:{}", word, address.path);
}

std::optional<SocketAddress> address_of_text(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const Kind* kind = kind_of(text.substr(0, colon));
  if (kind == nullptr) return std::nullopt;
  auto rest = text.substr(colon + 1);
  SocketAddress address{.family = kind->family, .transport = kind->transport, .host = {}, .path = {}};
  if (kind->family == Family::inet || kind->family == Family::inet6)
    return with_host_and_port(std::move(address), rest);
  if (rest.empty() || (address.has_file() && !rest.starts_with('/'))) return std::nullopt;
  address.path = rest;
  return address;
}

std::optional<std::string> numeric_host(Family family, const std::string& host) {
  int af = family == Family::inet6 ? AF_INET6 : AF_INET;
  in6_addr binary{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  auto [number, zone] = family == Family::inet6 ? without_zone(host) : std::pair{host, std::string{}};
  if (::inet_pton(af, number.c_str(), &binary) != 1) return std::nullopt;
  if (::inet_ntop(af, &binary, text.data(), text.size()) == nullptr) return std::nullopt;
  if (zone.empty()) return number == host ? std::optional<std::string>{text.data()} : std::nullopt;
  if (!is_of_one_link(number) || zone.size() >= IF_NAMESIZE || zone.contains('/')) return std::nullopt;
  return std::format("{}%{}", text.data(), zone);
}

std::pair<std::string, std::string> without_zone(const std::string& host) {
  auto percent = std::min(host.find('%'), host.size());
  return {host.substr(0, percent), host.substr(std::min(percent + 1, host.size()))};
}

bool is_of_one_link(const std::string& host) {
  in6_addr binary{};
  return ::inet_pton(AF_INET6, without_zone(host).first.c_str(), &binary) == 1 &&
         (IN6_IS_ADDR_LINKLOCAL(&binary) || IN6_IS_ADDR_MC_LINKLOCAL(&binary));
}

std::optional<std::string> mapped_ipv4(const std::string& host) {
  in6_addr binary{};
  std::array<char, INET_ADDRSTRLEN> text{};
  if (::inet_pton(AF_INET6, host.c_str(), &binary) != 1 || !IN6_IS_ADDR_V4MAPPED(&binary)) return std::nullopt;
  return ::inet_ntop(AF_INET, &binary.s6_addr[12], text.data(), text.size());
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('0')) return std::nullopt;
  return port;
}

std::optional<std::string> descriptor_name(const SocketAddress& address) {
  std::string name{name_prefix};
  for (char c : text_of(address)) {
    if (fits_a_name(c)) name += c;
    else name += std::format("%{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  if (name.size() > longest_name) return std::nullopt;
  return name;
}

std::optional<SocketAddress> address_of_descriptor_name(std::string_view name) {
  if (!name.starts_with(name_prefix)) return std::nullopt;
  auto text = without_escapes(name.substr(name_prefix.size()));
  if (!text) return std::nullopt;
  return address_of_text(*text);
}

} // namespace upstart::socket_bridge
