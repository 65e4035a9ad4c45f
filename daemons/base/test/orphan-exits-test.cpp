#include "daemons/base/orphan-exits.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

using namespace upstart::base;
using namespace std::chrono_literals;

namespace {

struct Channel {
  FileDescriptor init, supervisor;
  Channel() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    init.reset(ends[0]);
    supervisor.reset(ends[1]);
  }
  void tell(pid_t pid, int status = 0) const {
    OrphanExit packet{.pid = pid, .status = status, .start_ticks = 42, .session = pid, .reaped_ns = 1};
    REQUIRE(::send(init.get(), &packet, sizeof packet, 0) == sizeof packet);
  }
};

} // namespace

TEST_CASE("those that ended before come first, then each as it happens") {
  EventLoop loop;
  Channel channel;
  channel.tell(7, 256);
  channel.tell(8, 9);
  channel.tell(0, 3);
  channel.tell(9);
  OrphanExits exits{std::move(channel.supervisor)};
  auto kept = exits.read_kept(1s);
  CHECK(kept.complete);
  CHECK(kept.forgotten == 3);
  REQUIRE(kept.exits.size() == 2);
  CHECK(kept.exits.front() == OrphanExit{.pid = 7, .status = 256, .start_ticks = 42, .session = 7, .reaped_ns = 1});
  std::vector<pid_t> seen;
  exits.watch(loop, [&](const OrphanExit& exit) { seen.push_back(exit.pid); });
  loop.run_once();
  CHECK(seen == std::vector<pid_t>{9});
}

TEST_CASE("an init that does not say that this was all is waited for no longer than the limit") {
  Channel channel;
  channel.tell(7);
  OrphanExits exits{std::move(channel.supervisor)};
  auto kept = exits.read_kept(20ms);
  CHECK_FALSE(kept.complete);
  CHECK(kept.exits.size() == 1);
}

TEST_CASE("without init, and when init has gone, nothing comes and nothing is waited for") {
  EventLoop loop;
  OrphanExits none{FileDescriptor{}};
  CHECK(none.read_kept(1h).exits.empty());
  Channel channel;
  channel.tell(7);
  channel.init.reset();
  OrphanExits exits{std::move(channel.supervisor)};
  CHECK(exits.read_kept(1h).exits.size() == 1);
  exits.watch(loop, [](const OrphanExit&) {});
  loop.run(); // has nothing to wait for
}

TEST_CASE("when init goes while it is watched the loop is not kept busy") {
  EventLoop loop;
  Channel channel;
  OrphanExits exits{std::move(channel.supervisor)};
  int seen = 0;
  exits.watch(loop, [&](const OrphanExit&) { ++seen; });
  channel.tell(7);
  channel.init.reset();
  loop.run();
  CHECK(seen == 1);
}
