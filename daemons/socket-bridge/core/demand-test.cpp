#include "daemons/socket-bridge/core/deadlines.hpp"
#include "daemons/socket-bridge/core/demand.hpp"

#include <doctest/doctest.h>

using namespace upstart::socket_bridge;
using namespace std::chrono_literals;
using upstart::bridge::ConditionsUpdate;

namespace {

const SocketAddress x = *address_of_text("unix:/x");
const SocketAddress y = *address_of_text("unix:/y");

ConditionsUpdate starts_at(const char* job, const char* path) {
  return {.changed = {{job, {{event_name, {"PROTO=unix", std::string{"SOCKET_PATH="} + path}, true}}}},
          .gone = {},
          .activity = {}};
}
ConditionsUpdate is_active(const char* job) { return {.changed = {}, .gone = {}, .activity = {{job, 1}}}; }

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
  CHECK_FALSE(demand.take(is_active("a")).sockets);
}

TEST_CASE("a job's sockets come in the order of its file, each once, without those that only stop it") {
  Demand demand;
  auto match = [](const char* path, bool starts) {
    return upstart::bridge::Match{event_name, {"PROTO=unix", std::string{"SOCKET_PATH="} + path}, starts};
  };
  std::ignore = demand.take(
      {.changed = {{"a", {match("/y", true), match("/x", true), match("/y", true)}}, {"b", {match("/x", false)}}},
       .gone = {},
       .activity = {}});
  CHECK(demand.sockets_of("a") == std::vector{y, x});
  CHECK(demand.sockets_of("b").empty());
  std::ignore = demand.take({.changed = {}, .gone = {"a"}, .activity = {}});
  CHECK(demand.sockets_of("a").empty());
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
