// The real daemon on a real bus of the test's own.
#include "daemons/event-broker/test/daemon.hpp"
#include "daemons/event-broker/test/peer.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace upstart::broker::test;
using upstart::base::EventLoop;
namespace bus_name = upstart::protocol::bus_name;

namespace {

// dbus-daemon at a path in this directory, while it runs.
class BusDaemon {
public:
  explicit BusDaemon(const std::string& directory) : directory_{directory} {
    std::ofstream{directory_ + "/bus.conf"} << "<busconfig><type>session</type><listen>" << address()
                                            << "</listen><policy context='default'>"
                                            << "<allow send_destination='*' eavesdrop='true'/><allow "
                                               "eavesdrop='true'/><allow own='*'/></policy></busconfig>";
  }
  BusDaemon(const BusDaemon&) = delete;
  BusDaemon& operator=(const BusDaemon&) = delete;
  ~BusDaemon() {
    if (pid_ != 0) stop();
  }

  void start() {
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    upstart::base::FileDescriptor log{
        ::open((directory_ + "/bus.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    ::dup2(log.get(), STDERR_FILENO);
    std::string configuration = "--config-file=" + directory_ + "/bus.conf";
    ::execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", configuration.c_str(), nullptr);
    ::_exit(127);
  }
  void stop() {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }
  [[nodiscard]] std::string address() const { return "unix:path=" + directory_ + "/bus"; }

private:
  std::string directory_;
  pid_t pid_ = 0;
};

// By way of the broker's own socket: until it says that it has joined so many times.
void await_joined(EventLoop& loop, Daemon& daemon, int times) {
  Peer peer{loop, daemon.address()};
  auto joined = [&] {
    auto log = daemon.standard_error();
    int count = 0;
    for (std::size_t at = 0; (at = log.find("joined the bus", at)) != std::string::npos; ++at) ++count;
    return count >= times;
  };
  while (!joined()) static_cast<void>(peer->pending());
}

} // namespace

TEST_CASE("a bus that is not there yet is joined when it appears, and again when it has come back") {
  EventLoop loop;
  Daemon daemon;
  BusDaemon bus{daemon.directory()};
  daemon.start({"--bus", bus.address(), "--verbose"});
  CHECK(Peer{loop, daemon.address()}.emit("a") == 1);
  bus.start();
  await_joined(loop, daemon, 1);
  CHECK(Peer{loop, bus.address(), bus_name::event_broker}.emit("b") == 2);
  bus.stop();
  CHECK(Peer{loop, daemon.address()}.emit("c") == 3);
  bus.start();
  await_joined(loop, daemon, 2);
  CHECK(Peer{loop, bus.address(), bus_name::event_broker}.emit("d") == 4);
  CHECK_FALSE(daemon.standard_error().contains("no connection to the bus")); // not for want of time_limit
  CHECK(daemon.standard_error().contains("the bus at " + bus.address() + " has gone"));
}

TEST_CASE("on a bus everything is as on the broker's own socket; a handler that leaves the bus is noticed") {
  EventLoop loop;
  Daemon daemon;
  BusDaemon bus{daemon.directory()};
  bus.start();
  daemon.start({"--verbose"});
  Peer own{loop, daemon.address()};
  own->JoinBus(bus.address());
  await_joined(loop, daemon, 1);
  Peer onlooker{loop, bus.address(), bus_name::event_broker};
  auto handler = std::make_unique<Peer>(loop, bus.address(), bus_name::event_broker);
  handler->attach("h", {"a"});
  onlooker.attach("onlooker", {"b"});
  handler->await("others b");
  CHECK_FALSE(std::ranges::contains(onlooker.lines, "others b"));
  own->Emit("a", {"K=V"}, {});
  handler->await("handle 1 a K=V");
  handler.reset();
  while (!daemon.standard_error().contains("h has gone")) static_cast<void>(onlooker->pending());
  Peer successor{loop, bus.address(), bus_name::event_broker};
  successor.attach("h", {"a"});
  successor.await("handle 1 a K=V again");
  successor->Finished(1, false, {});
  onlooker.await("finished 1 a ok");
  own.await("finished 1 a ok");
}
