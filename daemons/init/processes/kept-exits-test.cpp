#include "daemons/init/processes/kept-exits.hpp"

#include <doctest/doctest.h>

using namespace upstart::init;
using namespace upstart::base;
using namespace std::chrono_literals;

namespace {

// What a supervisor that reads on while init sends hears first.
std::vector<OrphanExit> heard_at_start(EventLoop& loop, OrphanExits& reader) {
  std::vector<OrphanExit> all;
  while (true) {
    auto part = reader.read_kept(1ms);
    all.insert(all.end(), part.exits.begin(), part.exits.end());
    if (part.complete) return all;
    loop.run_once(false);
  }
}

} // namespace

TEST_CASE("each supervisor hears of all that are kept, also of those that an earlier one was told") {
  EventLoop loop;
  KeptExits kept{loop};
  kept.add({.pid = 7});
  for (int supervisor = 0; supervisor < 2; ++supervisor) {
    OrphanExits reader{kept.connect()};
    auto heard = heard_at_start(loop, reader);
    REQUIRE(heard.size() == 1);
    CHECK(heard.front().pid == 7);
  }
}

TEST_CASE("more than the socket holds arrives in order, and what happens meanwhile comes after it") {
  EventLoop loop;
  KeptExits kept{loop};
  for (pid_t pid = 1; pid <= 2000; ++pid) kept.add({.pid = pid});
  OrphanExits reader{kept.connect()};
  kept.add({.pid = 5000});
  auto heard = heard_at_start(loop, reader);
  REQUIRE(heard.size() == 2000);
  for (std::size_t i = 0; i < heard.size(); ++i) REQUIRE(heard[i].pid == static_cast<pid_t>(i + 1));
  std::vector<pid_t> later;
  reader.watch(loop, [&](const OrphanExit& exit) { later.push_back(exit.pid); });
  while (later.empty()) loop.run_once();
  CHECK(later == std::vector<pid_t>{5000});
}

TEST_CASE("only the last ones are kept, and it is said how many are not") {
  EventLoop loop;
  KeptExits kept{loop};
  for (std::size_t i = 0; i < KeptExits::most + 5; ++i) kept.add({.pid = static_cast<pid_t>(i + 1)});
  OrphanExits reader{kept.connect()};
  auto part = reader.read_kept(0ms);
  CHECK(part.exits.front().pid == 6);
  std::size_t count = part.exits.size();
  while (!part.complete) {
    loop.run_once(false);
    part = reader.read_kept(1ms);
    count += part.exits.size();
  }
  CHECK(count == KeptExits::most);
  CHECK(part.forgotten == 5);
}

TEST_CASE("a supervisor that does not read holds up nobody and takes no more than the bound") {
  EventLoop loop;
  KeptExits kept{loop};
  OrphanExits silent{kept.connect()};
  for (std::size_t i = 0; i < 3 * KeptExits::most; ++i) kept.add({.pid = static_cast<pid_t>(i + 1)});
  OrphanExits next{kept.connect()};
  CHECK(heard_at_start(loop, next).size() == KeptExits::most);
}
