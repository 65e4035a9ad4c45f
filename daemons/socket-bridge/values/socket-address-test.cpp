#include "daemons/socket-bridge/values/socket-address.hpp"

#include <doctest/doctest.h>

using namespace upstart::socket_bridge;

TEST_CASE("an address is read back from its text and from its descriptor's name") {
  for (const auto* text : {"inet:127.0.0.1:80", "inet6:[::1]:65535", "unix:/run/a b%:c\xff", "abstract:x:y",
                           "fifo:/run/f", "inet6:[fe80::1%eth0]:80", "inet-dgram:0.0.0.0:53", "inet6-dgram:[::]:53",
                           "unix-dgram:/run/d", "abstract-dgram:d"}) {
    CAPTURE(text);
    auto address = address_of_text(text);
    REQUIRE(address);
    CHECK(text_of(*address) == text);
    auto name = descriptor_name(*address);
    REQUIRE(name);
    CHECK(address_of_descriptor_name(*name) == address);
  }
}

TEST_CASE("a descriptor's name holds nothing that ends or splits it") {
  auto name = descriptor_name(*address_of_text("unix:/a:b c\n%"));
  CHECK(name == "socket.unix%3a/a%3ab%20c%0a%25");
}

TEST_CASE("a descriptor's name that would be too long is none") {
  CHECK_FALSE(descriptor_name(*address_of_text("unix:/" + std::string(100, ' '))));
}

TEST_CASE("what is no address is not taken for one") {
  for (const auto* text :
       {"", "inet", "inet:127.0.0.1", "inet:127.0.0.1:0", "inet:127.0.0.1:65536", "inet:localhost:80", "inet6:::1:80",
        "inet6:[127.0.0.1]:80", "inet6:[:80", "unix:relative", "unix:", "abstract:", "tcp:127.0.0.1:80"})
    CHECK_FALSE(address_of_text(text));
  for (const auto* name : {"socket-bridge", "socket.unix%3", "socket.unix%3z/a", "socket.", "inet%3a127.0.0.1%3a80"})
    CHECK_FALSE(address_of_descriptor_name(name));
}

TEST_CASE("a numeric address has one spelling") {
  CHECK(numeric_host(Family::inet6, "0:0:0:0:0:0:0:1") == "::1");
  CHECK(numeric_host(Family::inet, "10.0.0.1") == "10.0.0.1");
  CHECK_FALSE(numeric_host(Family::inet, "10.1"));
  CHECK_FALSE(numeric_host(Family::inet, "::1"));
  CHECK(numeric_host(Family::inet6, "FE80::0:1%lo") == "fe80::1%lo");
  for (const auto* host : {"::1%lo", "fe80::1%", "%lo", "fe80::1%an-interface-with-a-long-name"})
    CHECK_FALSE(numeric_host(Family::inet6, host));
  CHECK_FALSE(numeric_host(Family::inet, "10.0.0.1%lo"));
}

TEST_CASE("an IPv6 address that stands for an IPv4 address is known") {
  CHECK(mapped_ipv4("::ffff:127.0.0.1") == "127.0.0.1");
  CHECK(mapped_ipv4("::ffff:7f00:1") == "127.0.0.1");
  for (const auto* host : {"::1", "127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1"}) CHECK_FALSE(mapped_ipv4(host));
}

TEST_CASE("a port is a number from 1 to 65535 without leading zeros") {
  CHECK(port_number("1") == 1);
  CHECK(port_number("65535") == 65535);
  for (const auto* text : {"", "0", "080", "65536", "+80", "-1", "80 ", "http", "8*"}) CHECK_FALSE(port_number(text));
}
