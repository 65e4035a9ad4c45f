#include "daemons/base/log/syslog-socket.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>

using namespace upstart::base;

namespace {

struct StandInSyslog {
  explicit StandInSyslog(const std::string& path) : socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  [[nodiscard]] std::string heard() const {
    std::array<char, 500> text{};
    auto size = ::recv(socket.get(), text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }
  FileDescriptor socket;
};

} // namespace

TEST_CASE("a line of the kernel log becomes a message of syslog") {
  CHECK(syslog_message("<4>init: text: more\n", "Jan  2 03:04:05", 1) == "<28>Jan  2 03:04:05 init[1]: text: more");
}

TEST_CASE("syslog is written to as soon as it is there, and again when it was restarted") {
  std::string directory = std::filesystem::temp_directory_path() / "syslog-socket-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  SyslogSocket syslog{directory + "/log"};
  CHECK_FALSE(syslog.send("<6>init: nobody\n"));
  for (int life = 0; life < 2; ++life) {
    {
      StandInSyslog there{directory + "/log"};
      if (!syslog.send("<6>init: hello\n")) CHECK(syslog.send("<6>init: hello\n"));
      CHECK(there.heard().contains("init[" + std::to_string(::getpid()) + "]: hello"));
    }
    std::filesystem::remove(directory + "/log");
    CHECK_FALSE(syslog.send("<6>init: gone\n"));
  }
  std::filesystem::remove_all(directory);
}
