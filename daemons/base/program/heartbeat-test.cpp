#include "daemons/base/program/heartbeat.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using namespace upstart::base;
using namespace std::chrono_literals;

namespace {

// Stands for init: a NOTIFY_SOCKET of this process.
class Manager {
public:
  Manager() : socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
    auto name = "@upstart-heartbeat-test-" + std::to_string(::getpid());
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::memcpy(address.sun_path + 1, name.data() + 1, name.size() - 1);
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  Manager(const Manager&) = delete;
  ~Manager() { ::unsetenv("NOTIFY_SOCKET"); }
  // What has come since this was asked last.
  std::vector<std::string> heard() {
    std::vector<std::string> result;
    char buffer[200];
    for (ssize_t length; (length = ::recv(socket_.get(), buffer, sizeof buffer, 0)) >= 0;)
      result.emplace_back(buffer, static_cast<std::size_t>(length));
    return result;
  }

private:
  FileDescriptor socket_;
};

const std::string begins = "WATCHDOG_USEC=20000\nWATCHDOG=1";
const std::string rests = "WATCHDOG_USEC=0";

} // namespace

TEST_CASE("a daemon that does something gives a sign first, then others while it is active, and tells when it rests") {
  Manager init;
  EventLoop loop;
  Heartbeat heartbeat{loop, 20ms};
  std::vector<std::string> before_first_work, while_active;
  int works = 0;
  // Read as it comes: the kernel keeps ten messages, and then holds up who sends.
  auto hear = [&] {
    for (auto& message : init.heard()) while_active.push_back(message);
  };
  Timer work{loop, [&] {
               if (++works == 1) before_first_work = init.heard();
               hear();
               if (works == 20) work.stop();
             }};
  work.start_repeating(2ms);
  auto begun = std::chrono::steady_clock::now();
  loop.run(); // the heartbeat alone does not keep it running
  auto took = std::chrono::steady_clock::now() - begun;
  hear();
  CHECK(before_first_work == std::vector{begins});
  CHECK(while_active.size() >= 1);
  // Not one for each piece of work, but one each half of the period, told a fifth of it early at most.
  CHECK(while_active.size() <= static_cast<std::size_t>(took / 6ms) + 1);
  for (const auto& message : while_active) CHECK(message == "WATCHDOG=1");
  Timer something_to_wait_for{loop, [] {}};
  something_to_wait_for.start(1h);
  std::vector<std::string> last;
  while (last.empty() || last.back() != rests) {
    loop.run_once(false);
    for (auto& message : init.heard()) last.push_back(message);
  }
  CHECK(last.back() == rests);
}

TEST_CASE("a daemon at rest does nothing at all, until something comes") {
  Manager init;
  EventLoop loop;
  Heartbeat heartbeat{loop, 20ms};
  loop.run();
  CHECK(init.heard().empty());
  CHECK(uv_backend_timeout(loop.raw()) <= 0);
  Timer work{loop, [] {}};
  work.start(1ms);
  loop.run();
  CHECK(init.heard() == std::vector{begins});
}

TEST_CASE("the period comes from the environment, which nobody else reads it from then") {
  ::setenv("WATCHDOG_USEC", "20000", 1);
  Heartbeat::take_period_from_environment();
  CHECK(std::getenv("WATCHDOG_USEC") == nullptr);
  Manager init;
  EventLoop loop;
  Heartbeat heartbeat{loop};
  Timer work{loop, [] {}};
  work.start(1ms);
  loop.run();
  CHECK(init.heard() == std::vector{begins});
}

TEST_CASE("without a manager that asked for signs none are given") {
  Manager init;
  EventLoop loop;
  Heartbeat heartbeat{loop, 0ms};
  Timer work{loop, [] {}};
  work.start(1ms);
  loop.run();
  CHECK(init.heard().empty());
}
