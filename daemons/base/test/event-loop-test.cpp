#include "daemons/base/delayed-warning.hpp"
#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <sys/eventfd.h>

using namespace upstart::base;
using namespace std::chrono_literals;

TEST_CASE("what is deferred runs once, from the loop") {
  EventLoop loop;
  int calls = 0;
  loop.defer([&] { ++calls; });
  CHECK(calls == 0);
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("a timer may destroy itself when it expires") {
  EventLoop loop;
  std::unique_ptr<Timer> timer;
  bool expired = false;
  timer = std::make_unique<Timer>(loop, [&] {
    timer.reset();
    expired = true;
  });
  timer->start(1ms);
  loop.run();
  CHECK(expired);
}

TEST_CASE("a watched descriptor calls back when it can be read, and not while paused") {
  EventLoop loop;
  FileDescriptor event{::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)};
  int calls = 0;
  FdWatcher watcher{loop, event.get(), [&](unsigned events) {
                      CHECK((events & FdWatcher::readable) != 0);
                      ++calls;
                      watcher.watch(0);
                    }};
  watcher.watch(FdWatcher::readable);
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("a signal arrives in the loop") {
  EventLoop loop;
  bool arrived = false;
  SignalWatcher watcher{loop, SIGUSR1, [&] {
                          arrived = true;
                          loop.stop();
                        }};
  ::raise(SIGUSR1);
  loop.run();
  CHECK(arrived);
}

TEST_CASE("a delayed warning is given once, and not at all after a recovery") {
  EventLoop loop;
  std::vector<std::string> told;
  DelayedWarning lasting{loop, [&](const std::string& why) { told.push_back(why); }, 20ms};
  DelayedWarning passing{loop, [&](const std::string& why) { told.push_back(why); }, 20ms};
  Timer long_enough{loop, [&] { loop.stop(); }};
  lasting.failing("not there");
  lasting.failing("still not there");
  passing.failing("a moment");
  CHECK(told.empty());
  passing.recovered();
  long_enough.start(60ms);
  loop.run();
  CHECK(told == std::vector<std::string>{"still not there"});
}
