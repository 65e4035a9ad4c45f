#include "clients/system-v/testing/system-fixture.hpp"
#include "clients/system-v/wall.hpp"

#include <doctest/doctest.h>

#include <pty.h>
#include <unistd.h>

#include <array>
#include <fstream>

using namespace upstart::client;

namespace {

struct Terminal {
  Terminal() {
    std::array<char, 64> name{};
    REQUIRE(::openpty(&master, &slave, name.data(), nullptr, nullptr) == 0);
    line = std::string{name.data()}.substr(sizeof "/dev/" - 1);
  }
  ~Terminal() {
    ::close(slave);
    ::close(master);
  }
  [[nodiscard]] std::string read() const {
    std::array<char, 4096> buffer{};
    auto count = ::read(master, buffer.data(), buffer.size());
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }
  int master = -1, slave = -1;
  std::string line;
};

} // namespace

TEST_CASE("a message reaches every terminal where somebody is logged in, and no other file") {
  SystemFixture system;
  Terminal first, second;
  SystemFiles files{.utmp = system.path("utmp"), .wtmp = ""};
  std::ofstream{system.path("file")}.flush();
  for (const auto& line : {first.line, std::string{"pts/nobody"}, ".." + system.path("file"), second.line})
    system.log_in(line);
  CHECK(write_to_all(files, "attention\n") == 2);
  CHECK(first.read().contains("attention"));
  CHECK(second.read().contains("attention"));
  CHECK(text_of(system.path("file")).empty());
}

TEST_CASE("a terminal that takes nothing holds nobody up") {
  SystemFixture system;
  Terminal full, other;
  system.log_in(full.line);
  system.log_in(other.line);
  SystemFiles files{.utmp = system.path("utmp"), .wtmp = ""};
  const std::string much(100'000, 'x');
  CHECK(write_to_all(files, much) == 0); // more than either takes at once
  CHECK(other.read().starts_with("xxx"));
}

TEST_CASE("a message says who sends it, and carries no control characters to the terminals") {
  std::tm time{};
  time.tm_hour = 9;
  time.tm_min = 5;
  CHECK(wall_text({.user = "root", .host = "box", .terminal = "/dev/tty1"}, time, "down\x1b[2J\nsoon ü") ==
        "\r\nBroadcast message from root@box\r\n\t(/dev/tty1) at 9:05 ...\r\n\r\ndown?[2J\r\nsoon ü\r\n\r\n");
}
