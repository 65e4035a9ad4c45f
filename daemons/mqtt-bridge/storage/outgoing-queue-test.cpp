#include "daemons/bridge/testing/temporary-directory.hpp"
#include "daemons/mqtt-bridge/storage/outgoing-queue.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace upstart::mqtt_bridge;
using namespace std::chrono_literals;

namespace {

struct QueueFixture {
  upstart::bridge::testing::TemporaryDirectory directory;
  std::vector<std::string> faults;
  OutgoingQueue::Time start{};
  OutgoingQueue open(std::uint64_t bound = 1U << 20U, const std::string& life = "life") {
    auto queue = OutgoingQueue::open(directory / "queue", bound, life, faults);
    REQUIRE(queue);
    CHECK(faults.empty());
    return std::move(*queue);
  }
  static EventMessage event(const std::string& name = "e") { return {.id = {}, .name = name, .env = {}, .node = "n"}; }
};

} // namespace

TEST_CASE("events leave in their order, with ids that only grow") {
  QueueFixture test;
  auto queue = test.open();
  REQUIRE(queue.add("t", test.event("a")));
  REQUIRE(queue.add("t", test.event("b")));
  auto sent = queue.take_sendable();
  REQUIRE(sent.size() == 2);
  CHECK(event_from_json(sent[0].payload)->id == queue.identity() + "/1");
  CHECK(event_from_json(sent[1].payload)->name == "b");
  CHECK(queue.take_sendable().empty());
}

TEST_CASE(
    "what was not acknowledged, or has not settled, is sent again after the connection, or the process, was lost") {
  QueueFixture test;
  std::string identity;
  {
    auto queue = test.open();
    identity = queue.identity();
    for (const char* name : {"a", "b", "c"}) REQUIRE(queue.add("t", test.event(name)));
    CHECK(queue.take_sendable().size() == 3);
    queue.acknowledged(1, test.start);
    queue.acknowledged(2, test.start + 5s);
    CHECK(queue.settle(test.start + 10s));
    CHECK(queue.waiting() == 1);
    queue.connection_lost();
    auto again = queue.take_sendable();
    REQUIRE(again.size() == 2);
    CHECK(again[0].number == 2);
    queue.write();
  }
  auto queue = test.open();
  CHECK(queue.identity() == identity);
  CHECK(queue.take_sendable().size() == 2);
  CHECK(queue.add("t", test.event()) == 4);
}

TEST_CASE("over the bound an event is refused with the reason, and there is room again when others have settled") {
  QueueFixture test;
  auto queue = test.open(700);
  REQUIRE(queue.add("t", test.event()));
  REQUIRE(queue.add("t", test.event()));
  auto refused = queue.add("t", test.event());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().starts_with("the queue is full: 2 events ("));
  CHECK(queue.take_sendable().size() == 2);
  queue.acknowledged(1, test.start);
  CHECK_FALSE(queue.settle(test.start + 10s));
  CHECK(queue.add("t", test.event()));
}

TEST_CASE("of one token there is one event, also over a restart") {
  QueueFixture test;
  {
    auto queue = test.open();
    CHECK(queue.add("t", test.event(), "token") == 1);
    CHECK(queue.add("t", test.event(), "token") == 1);
  }
  auto queue = test.open();
  CHECK(queue.add("t", test.event(), "token") == 1);
  CHECK(queue.add("t", test.event(), "other") == 2);
}

TEST_CASE("an emission to many nodes is one of those whose tokens are known") {
  QueueFixture test;
  std::vector<std::string> nodes;
  for (int node = 0; node < 1100; ++node) nodes.push_back("n" + std::to_string(node));
  {
    auto queue = test.open();
    REQUIRE(queue.add("t", test.event(), "other") == 1);
    for (const auto& node : nodes) REQUIRE(queue.add("t/" + node, test.event(), "token", node));
    CHECK(queue.add("t", test.event(), "other") == 1);
  }
  auto queue = test.open();
  CHECK(queue.add("t/n0", test.event(), "token", "n0") == 2);
  CHECK(queue.add("t", test.event(), "other") == 1);
}

TEST_CASE("another life of Upstart has other ids, and what waits keeps its own") {
  QueueFixture test;
  std::string identity;
  {
    auto queue = test.open();
    identity = queue.identity();
    REQUIRE(queue.add("t", test.event()));
  }
  auto queue = test.open(1U << 20U, "next life");
  CHECK(queue.identity() != identity);
  REQUIRE(queue.add("t", test.event()));
  auto sent = queue.take_sendable();
  REQUIRE(sent.size() == 2);
  CHECK(event_from_json(sent[0].payload)->id == identity + "/1");
  CHECK(event_from_json(sent[1].payload)->id == queue.identity() + "/2");
}

TEST_CASE("what the event broker gives again is not added again, but for another life of it") {
  QueueFixture test;
  {
    auto queue = test.open();
    CHECK(queue.add_heard("t", test.event(), "life", 5));
    CHECK(queue.add_heard("t", test.event(), "life", 5));
    CHECK(queue.waiting() == 1);
  }
  auto queue = test.open();
  CHECK(queue.add_heard("t", test.event(), "life", 5));
  CHECK(queue.waiting() == 1);
  CHECK(queue.add_heard("t", test.event(), "next life", 1));
  CHECK(queue.waiting() == 2);
}

TEST_CASE("a second process cannot have the queue") {
  QueueFixture test;
  auto queue = test.open();
  pid_t other = ::fork();
  if (other == 0) ::_exit(OutgoingQueue::open(test.directory / "queue", 1U << 20U, "life", test.faults) ? 1 : 0);
  int status = -1;
  ::waitpid(other, &status, 0);
  CHECK(status == 0);
}
