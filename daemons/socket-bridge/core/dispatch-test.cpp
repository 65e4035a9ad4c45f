#include "daemons/socket-bridge/core/dispatch.hpp"

#include <doctest/doctest.h>

using namespace upstart::socket_bridge;

namespace {

using Servers = std::vector<ServerId>;

Servers given(Dispatch& dispatch, ConnectionId first, std::size_t count, const char* client = "") {
  Servers servers;
  for (std::size_t i = 0; i < count; ++i) servers.push_back(dispatch.give(first + i, client).value_or(0));
  return servers;
}

} // namespace

TEST_CASE(
    "the server with the fewest open connections gets the next one, and of equals the one whose turn is longest ago") {
  Dispatch dispatch{Policy::least};
  for (ServerId server : {1, 2, 3}) dispatch.add(server, 0);
  CHECK(given(dispatch, 1, 6) == Servers{1, 2, 3, 1, 2, 3});
  dispatch.end(2, 2);
  dispatch.end(2, 5);
  CHECK(given(dispatch, 7, 3) == Servers{2, 2, 1});
}

TEST_CASE("in turn means in turn, however long connections last") {
  Dispatch dispatch{Policy::round_robin};
  dispatch.add(1, 0);
  dispatch.add(2, 0);
  CHECK(given(dispatch, 1, 3) == Servers{1, 2, 1});
  dispatch.end(1, 1);
  dispatch.end(1, 3);
  CHECK(given(dispatch, 4, 1) == Servers{2});
}

TEST_CASE("a client stays with its server, and clients differ") {
  Dispatch dispatch{Policy::source};
  for (ServerId server : {1, 2, 3, 4}) dispatch.add(server, 0);
  auto of_one = given(dispatch, 1, 5, "10.0.0.1");
  CHECK(std::set<ServerId>{of_one.begin(), of_one.end()}.size() == 1);
  std::set<ServerId> used;
  for (ConnectionId id = 10; id < 60; ++id) used.insert(*dispatch.give(id, "10.0.0." + std::to_string(id)));
  CHECK(used.size() > 1);
}

TEST_CASE("a server that has as many as it takes gets no more, and nobody does when all have") {
  for (auto policy : {Policy::least, Policy::round_robin, Policy::source}) {
    Dispatch dispatch{policy};
    dispatch.add(1, 1);
    CHECK(given(dispatch, 1, 2) == Servers{1, 0});
    dispatch.end(1, 1);
    CHECK(given(dispatch, 3, 1) == Servers{1});
    CHECK(dispatch.connections() == 1);
  }
  CHECK_FALSE(Dispatch{Policy::least}.give(1, ""));
}

TEST_CASE("of a server that goes, what it had not taken is free again, and what it had taken is gone with it") {
  Dispatch dispatch{Policy::least};
  dispatch.add(1, 0);
  CHECK(given(dispatch, 1, 3) == Servers{1, 1, 1});
  CHECK(dispatch.take(1, 2));
  CHECK_FALSE(dispatch.take(1, 2)); // once
  CHECK_FALSE(dispatch.take(2, 1)); // by whom it was given to
  CHECK(dispatch.remove(1) == std::vector<ConnectionId>{1, 3});
  CHECK(dispatch.connections() == 0);
  CHECK_FALSE(dispatch.take(1, 1));
}

TEST_CASE("a policy has a name") {
  CHECK(policy_named("least") == Policy::least);
  CHECK(policy_named("round-robin") == Policy::round_robin);
  CHECK(policy_named("source") == Policy::source);
  CHECK_FALSE(policy_named("random"));
}
