#include "protocol/text.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <memory>

using namespace upstart::protocol;

namespace {

// Whether sd-bus takes this as a string.
bool is_sendable(const std::string& text) {
  sd_bus* bus = nullptr;
  REQUIRE(sd_bus_new(&bus) >= 0);
  std::unique_ptr<sd_bus, decltype(&sd_bus_unref)> keep_bus{bus, sd_bus_unref};
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  REQUIRE(sd_bus_set_fd(bus, ends[0], ends[0]) >= 0);
  REQUIRE(sd_bus_start(bus) >= 0);
  sd_bus_message* message = nullptr;
  REQUIRE(sd_bus_message_new_signal(bus, &message, "/", "a.b", "C") >= 0);
  std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)> keep_message{message, sd_bus_message_unref};
  ::close(ends[1]);
  return sd_bus_message_append_basic(message, 's', text.c_str()) >= 0;
}

} // namespace

TEST_CASE("text stands for itself") {
  for (std::string text : {"", "A=b", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    CHECK(escaped(text) == text);
    CHECK(readable(text) == text);
    CHECK(unescaped(text) == text);
  }
}

TEST_CASE("a byte that is no text is escaped and comes back, and is readable as a replacement character") {
  CHECK(escaped("caf\xE9!") == "caf\xEF\x9F\xA9!");
  CHECK(unescaped("caf\xEF\x9F\xA9!") == "caf\xE9!");
  CHECK(readable("caf\xE9!") == "caf\xEF\xBF\xBD!");
}

TEST_CASE("whatever the bytes, they survive and can be sent") {
  std::vector<std::string> all{"\xEF\x9F\xA9",     "\xC0\x80", "\xED\xA0\x80", "\xEF\xBF\xBF", "\xEF\xB7\x90",
                               "\xF4\x90\x80\x80", "\xE2\x82", "\xF0\x9F\x98", "a\xFFz"};
  for (int first = 1; first < 256; ++first)
    for (int second : {0x61, 0x80, 0xBF, 0xC3, 0xE9, 0xEF, 0xFF})
      all.push_back({static_cast<char>(first), static_cast<char>(second)});
  for (const auto& bytes : all) {
    CAPTURE(bytes.size());
    CAPTURE(static_cast<int>(static_cast<unsigned char>(bytes[0])));
    CHECK(unescaped(escaped(bytes)) == bytes);
    CHECK(is_sendable(escaped(bytes)));
    CHECK(is_sendable(readable(bytes)));
  }
}

TEST_CASE("a list with nothing to convert is not copied") {
  std::vector<std::string> plain{"A=b", "C=\xC3\xA9"}, mixed{"A=b", "C=\xE9"};
  auto same = escaped(plain);
  CHECK(&static_cast<const std::vector<std::string>&>(same) == &plain);
  auto converted = escaped(mixed);
  const std::vector<std::string>& other = converted;
  CHECK(other == std::vector<std::string>{"A=b", "C=\xEF\x9F\xA9"});
}
