#include "daemons/socket-bridge/core/deadlines.hpp"
#include "daemons/socket-bridge/core/demand.hpp"

#include <doctest/doctest.h>

using namespace upstart::socket_bridge;
using namespace std::chrono_literals;
using upstart::bridge::ConditionsUpdate;

namespace {

const SocketAddress x = *address_of_text("unix:/x");
const SocketAddress y = *address_of_text("unix:/y");

ConditionsUpdate starts_at(const char* job, const char* path, unsigned active = 0) {
  return {.changed = {{job, {{event_name, {"PROTO=unix", std::string{"SOCKET_PATH="} + path}, true}}}},
          .gone = {},
          .activity = {{job, active}}};
}
ConditionsUpdate is_active(const char* job, unsigned active) {
  return {.changed = {}, .gone = {}, .activity = {{job, active}}};
}

} // namespace

TEST_CASE("the first update says which sockets are wanted, even if none is; later ones only when that has changed") {
  Demand demand;
  auto change = demand.take({});
  REQUIRE(change.sockets);
  CHECK(change.sockets->empty());
  CHECK_FALSE(demand.take({}).sockets);
  change = demand.take(starts_at("a", "/x"));
  REQUIRE(change.sockets);
  CHECK(change.sockets->contains(x));
  CHECK_FALSE(demand.take(is_active("a", 1)).sockets);
}

TEST_CASE("a job that becomes active concerns the sockets that it holds, and no others") {
  Demand demand;
  auto a = demand.take(starts_at("a", "/x")).sockets->at(x);
  auto b = demand.take(starts_at("b", "/y")).sockets->at(y);
  CHECK(demand.take(is_active("a", 1)).activity == std::set{x});
  CHECK(demand.is_held(a));
  CHECK_FALSE(demand.is_held(b));
  CHECK(demand.take(is_active("nobody", 1)).activity.empty());
}

TEST_CASE("a job that is gone holds nothing any more, and is not active when it comes back") {
  Demand demand;
  std::ignore = demand.take(starts_at("a", "/x", 1));
  CHECK(demand.take({.changed = {}, .gone = {"a"}, .activity = {}}).sockets->empty());
  auto again = demand.take({.changed = starts_at("a", "/x").changed, .gone = {}, .activity = {}}).sockets->at(x);
  CHECK_FALSE(demand.is_held(again));
}

TEST_CASE("deadlines come in order of time, and each socket has one") {
  Deadlines deadlines;
  deadlines.set(x, 20ms);
  deadlines.set(y, 10ms);
  CHECK(deadlines.next() == 10ms);
  CHECK_FALSE(deadlines.reached(9ms));
  CHECK(deadlines.reached(30ms) == y);
  deadlines.set(y, 40ms);
  CHECK(deadlines.reached(30ms) == x);
  deadlines.set(x, std::nullopt);
  CHECK_FALSE(deadlines.reached(30ms));
  CHECK(deadlines.next() == 40ms);
}
