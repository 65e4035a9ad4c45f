// Where a socket is: the identity of a socket in the bridge. Two conditions that name the same address, in whatever
// words, share one socket. Its text is what SocketBridge1 shows; the name under which the manager keeps the descriptor
// is made from the text, so that a restarted bridge knows what it inherits.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace upstart::socket_bridge {

enum class Family { inet, inet6, unix_path, abstract, fifo };
enum class Transport { stream, datagram };

struct SocketAddress {
  Family family = Family::inet;
  Transport transport = Transport::stream;
  std::string host;       // inet and inet6: numeric, in its shortest spelling; inet6 also "fe80::1%eth0"
  std::uint16_t port = 0; // inet and inet6
  std::string path;       // unix_path and fifo: absolute; abstract: the name without "@"

  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;

  [[nodiscard]] bool has_file() const { return family == Family::unix_path || family == Family::fifo; }
};

// "inet:127.0.0.1:80", "inet6:[::1]:80", "unix:/path", "abstract:name", "fifo:/path"; for datagrams "inet-dgram:…".
[[nodiscard]] std::string text_of(const SocketAddress& address);
[[nodiscard]] std::optional<SocketAddress> address_of_text(std::string_view text);

// A numeric address in its shortest spelling; nothing where it is none of that family. An IPv6 address of one link may
// be followed by % and the name or number of its interface (the zone), others may not.
[[nodiscard]] std::optional<std::string> numeric_host(Family family, const std::string& host);
// The address without its zone, and the zone, empty where there is none.
[[nodiscard]] std::pair<std::string, std::string> without_zone(const std::string& host);
// Whether an IPv6 address means something on one link only, so that it needs a zone.
[[nodiscard]] bool is_of_one_link(const std::string& host);
// The IPv4 address that an IPv6 address like ::ffff:127.0.0.1 stands for.
[[nodiscard]] std::optional<std::string> mapped_ipv4(const std::string& host);
// A port as a condition may spell it: 1 to 65535, digits only, no leading zero.
[[nodiscard]] std::optional<std::uint16_t> port_number(std::string_view text);

// The name of the kept descriptor: "socket." and the text, with what such a name cannot hold as %xx. Nothing where that
// is too long to be a descriptor's name.
[[nodiscard]] std::optional<std::string> descriptor_name(const SocketAddress& address);
[[nodiscard]] std::optional<SocketAddress> address_of_descriptor_name(std::string_view name);

} // namespace upstart::socket_bridge
