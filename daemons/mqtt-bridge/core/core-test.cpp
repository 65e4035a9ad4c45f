#include "daemons/bridge/testing/recording-memory.hpp"
#include "daemons/mqtt-bridge/commands/command-rules.hpp"
#include "daemons/mqtt-bridge/core/inbox.hpp"
#include "daemons/mqtt-bridge/core/node-table.hpp"
#include "daemons/mqtt-bridge/core/retained-table.hpp"

#include <doctest/doctest.h>

#include <format>

using namespace upstart;
using namespace upstart::mqtt_bridge;
using namespace std::chrono_literals;

namespace {

const Seconds noon{12h};

EventMessage event(int number, const std::string& node = "a", const std::string& sender = "s") {
  return {.id = std::format("{}/{}", sender, number), .name = "e", .env = {std::format("N={}", number)}, .node = node};
}

bridge::ConditionsUpdate asks(const std::string& job, const std::string& name, const std::string& pattern) {
  return {.changed = {{job, {{name, {"NODE=" + pattern}, true}}}}, .gone = {}, .activity = {}};
}

} // namespace

TEST_CASE("an id is new once, also for the process that comes after") {
  bridge::RecordingMemory memory;
  {
    SeenIds seen{memory, memory.records};
    CHECK(seen.take("s/1", "a", "t", noon));
    CHECK(seen.take("s/3", "a", "t", noon));
    CHECK_FALSE(seen.take("s/1", "a", "t", noon));
  }
  SeenIds seen{memory, memory.records};
  CHECK_FALSE(seen.take("s/3", "a", "t", noon));
  CHECK(seen.take("s/2", "a", "t", noon));
  CHECK_FALSE(seen.take("s/2", "a", "t", noon));
}

TEST_CASE("far below the highest number everything is old, and each topic has its own numbers") {
  bridge::RecordingMemory memory;
  SeenIds seen{memory, memory.records};
  CHECK(seen.take("s/5000", "a", "t", noon));
  CHECK_FALSE(seen.take("s/3976", "a", "t", noon));
  CHECK(seen.take("s/3977", "a", "t", noon));
  CHECK(seen.take("s/5064", "a", "t", noon));
  CHECK_FALSE(seen.take("s/5000", "a", "t", noon));
  CHECK(seen.take("s/1", "a", "other topic", noon));
}

TEST_CASE("ids of another form are known by their text") {
  bridge::RecordingMemory memory;
  SeenIds seen{memory, memory.records};
  CHECK(seen.take("by hand", "a", "t", noon));
  CHECK_FALSE(seen.take("by hand", "a", "t", noon));
  CHECK(seen.take("by hand", "b", "t", noon));
}

TEST_CASE("what was not heard of for as long as a session lasts is forgotten") {
  bridge::RecordingMemory memory;
  SeenIds seen{memory, memory.records};
  CHECK(seen.take("s/1", "a", "t", noon));
  seen.forget_old(noon + session_expiry + 1s);
  CHECK(seen.size() == 0);
  CHECK(memory.records.empty());
}

TEST_CASE("of too many senders the tenth that was heard of least goes, and what comes again keeps none young") {
  bridge::RecordingMemory memory;
  SeenIds seen{memory, memory.records};
  for (std::size_t sender = 0; sender < SeenIds::most_entries; ++sender)
    REQUIRE(seen.take(std::format("s{:06}/1", sender), "a", "t", noon));
  CHECK_FALSE(seen.take("s000000/1", "a", "t", noon + 1s));
  CHECK(seen.take("one more/1", "a", "t", noon + 1s));
  CHECK(seen.size() == SeenIds::most_entries + 1 - SeenIds::most_entries / 10);
  CHECK(memory.records.size() == seen.size());
  CHECK_FALSE(seen.take("one more/1", "a", "t", noon + 1s));
  CHECK_FALSE(seen.take("s010000/1", "a", "t", noon + 1s));
  CHECK(seen.take("s000000/1", "a", "t", noon + 1s));
}

TEST_CASE("an event is emitted once, with the node after its own variables") {
  bridge::RecordingMemory memory;
  Inbox inbox{memory, memory.records, {}};
  CHECK(inbox.take(event(1), "t", noon, 0ms) == Inbox::Taken::emitted);
  CHECK(inbox.take(event(1), "t", noon, 0ms) == Inbox::Taken::seen_before);
  CHECK(memory.events == std::vector<std::string>{"e N=1 NODE=a"});
}

TEST_CASE("a node that was not heard of is emitted at once, however many others there were") {
  bridge::RecordingMemory memory;
  Inbox inbox{memory, memory.records, {.most_idle_nodes = 2}};
  for (int number = 1; number <= 10; ++number) {
    auto node = std::format("n{}", number);
    auto taken = inbox.take(event(1, node, node), "t", noon, std::chrono::seconds{number});
    CHECK(taken == Inbox::Taken::emitted);
  }
}

TEST_CASE("a node that sends too fast waits in its own order, also over a restart, and holds nobody up") {
  bridge::RecordingMemory memory;
  InboxLimits limits{.rate = 10, .burst = 2};
  {
    Inbox inbox{memory, memory.records, limits};
    for (int number = 1; number <= 5; ++number) CHECK(inbox.take(event(number), "t", noon, 0ms));
    CHECK(inbox.waiting() == 3);
    CHECK(inbox.take(event(1, "b", "other"), "t", noon, 0ms) == Inbox::Taken::emitted);
    CHECK(memory.events == std::vector<std::string>{"e N=1 NODE=a", "e N=2 NODE=a", "e N=1 NODE=b"});
  }
  memory.events.clear();
  Inbox inbox{memory, memory.records, limits};
  REQUIRE(inbox.due(0ms));
  inbox.time_reached(1000ms);
  CHECK(memory.events == std::vector<std::string>{"e N=3 NODE=a", "e N=4 NODE=a"});
  inbox.time_reached(2000ms);
  CHECK(memory.events.back() == "e N=5 NODE=a");
  CHECK_FALSE(inbox.due(2000ms));
}

TEST_CASE("a node with too much waiting is refused in words, and what is refused may come again") {
  bridge::RecordingMemory memory;
  Inbox inbox{memory, memory.records, {.rate = 10, .burst = 1, .most_waiting = 300}};
  CHECK(inbox.take(event(1), "t", noon, 0ms));
  CHECK(inbox.take(event(2), "t", noon, 0ms));
  auto refused = inbox.take(event(3), "t", noon, 0ms);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        "node a sends faster than 10 events a second, and 1 of its events wait already, the most that may be");
  inbox.time_reached(1000ms);
  CHECK(inbox.take(event(3), "t", noon, 2000ms) == Inbox::Taken::emitted);
}

TEST_CASE("under changing names no more is emitted than all may send, and each name has its turn") {
  bridge::RecordingMemory memory;
  Inbox inbox{memory, memory.records, {.rate_in_all = 10, .burst_in_all = 2}};
  for (int number = 1; number <= 6; ++number)
    CHECK(inbox.take(event(number, std::format("evil{}", number)), "t", noon, 0ms));
  CHECK(inbox.take(event(1, "honest", "other"), "t", noon, 0ms) == Inbox::Taken::waits);
  CHECK(memory.events.size() == 2);
  inbox.time_reached(200ms);
  CHECK(memory.events.size() == 4);
  // Whoever comes later takes no turn of those that wait.
  CHECK(inbox.take(event(7, "a"), "t", noon, 300ms) == Inbox::Taken::waits);
  inbox.time_reached(500ms);
  CHECK(memory.events.back() == "e N=6 NODE=evil6");
  inbox.time_reached(600ms);
  CHECK(memory.events.back() == "e N=1 NODE=honest");
  inbox.time_reached(700ms);
  CHECK(memory.events.back() == "e N=7 NODE=a");
  CHECK_FALSE(inbox.due(700ms));
  CHECK(inbox.take(event(8, "a"), "t", noon, 1000ms) == Inbox::Taken::emitted);
}

TEST_CASE("while the event broker is behind, events wait, and the nodes take turns") {
  bridge::RecordingMemory memory;
  Inbox inbox{memory, memory.records, {.most_not_accepted = 2}};
  CHECK(inbox.take(event(1), "t", noon, 0ms) == Inbox::Taken::emitted);
  memory.behind = 2;
  CHECK(inbox.take(event(2), "t", noon, 0ms) == Inbox::Taken::waits);
  CHECK(inbox.take(event(1, "honest", "other"), "t", noon, 0ms) == Inbox::Taken::waits);
  inbox.time_reached(50ms);
  CHECK(memory.events.size() == 1);
  memory.behind = 0;
  CHECK(inbox.take(event(3), "t", noon, 60ms) == Inbox::Taken::waits);
  inbox.time_reached(100ms);
  CHECK(memory.events == std::vector<std::string>{"e N=1 NODE=a", "e N=2 NODE=a", "e N=3 NODE=a", "e N=1 NODE=honest"});
  CHECK_FALSE(inbox.due(100ms));
}

TEST_CASE("of all nodes no more waits than may be, and that is told") {
  bridge::RecordingMemory memory;
  Inbox inbox{memory, memory.records, {.rate_in_all = 10, .burst_in_all = 1, .most_in_all = 300}};
  CHECK(inbox.take(event(1), "t", noon, 0ms) == Inbox::Taken::emitted);
  CHECK(inbox.take(event(2), "t", noon, 0ms) == Inbox::Taken::waits);
  auto refused = inbox.take(event(3, "b"), "t", noon, 0ms);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == "the nodes together send faster than 10 events a second, or some faster than 1000, and 1 "
                           "events wait already, the most that may be");
}

TEST_CASE("a node that comes and goes is told once, also over a restart") {
  bridge::RecordingMemory memory;
  {
    NodeTable nodes{memory, memory.records, "me"};
    CHECK(nodes.jobs_changed(asks("j", "node-up", "db*")).empty());
    CHECK(nodes.jobs_changed(asks("k", "node-down", "db1")).empty());
    CHECK(nodes.wanted() == std::set<std::string>{"+"});
    nodes.take_state("db1", true);
    nodes.take_state("db1", true);
    nodes.take_state("web1", true);
    CHECK(memory.events == std::vector<std::string>{"node-up NODE=db1"});
  }
  NodeTable nodes{memory, memory.records, "me"};
  bridge::ConditionsUpdate both;
  both.changed = {asks("j", "node-up", "db*").changed[0], asks("k", "node-down", "db1").changed[0]};
  CHECK(nodes.jobs_changed(both).empty());
  nodes.take_state("db1", true);
  CHECK(memory.events.size() == 1);
  nodes.take_state("db1", false);
  nodes.take_state("db1", std::nullopt);
  CHECK(memory.events.back() == "node-down NODE=db1");
  CHECK(memory.events.size() == 2);
}

TEST_CASE("for a job that comes later, a node that is up comes anew") {
  bridge::RecordingMemory memory;
  NodeTable nodes{memory, memory.records, "me"};
  CHECK(nodes.jobs_changed(asks("j", "node-up", "db1")).empty());
  CHECK(nodes.wanted() == std::set<std::string>{"db1"});
  nodes.take_state("db1", true);
  CHECK(nodes.jobs_changed(asks("k", "node-up", "db1")).empty());
  CHECK(memory.events.size() == 2);
  CHECK(nodes.jobs_changed({.changed = {}, .gone = {"j", "k"}, .activity = {}}).empty());
  CHECK(nodes.wanted().empty());
  CHECK(memory.records.empty());
}

TEST_CASE("a condition with another variable than NODE is told with its job") {
  bridge::RecordingMemory memory;
  NodeTable nodes{memory, memory.records, "me"};
  auto faults = nodes.jobs_changed({.changed = {{"j", {{"node-up", {"HOST=x"}, true}}}}, .gone = {}, .activity = {}});
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].text == "job j: HOST in its node-up condition: the event has no such variable; it has NODE alone; it "
                          "does not come");
}

TEST_CASE("of several changes of a retained message the last one is published, and what has gone is removed") {
  bridge::RecordingMemory memory;
  const RetainedTable::Time start{};
  RetainedTable table{memory, memory.records};
  table.put("a", "1");
  table.put("a", "2");
  table.put("b", "1");
  auto sent = table.take_sendable();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].payload == "2");
  CHECK(table.take_sendable().empty());
  table.acknowledged("a", start);
  table.acknowledged("b", start);
  RetainedTable next{memory, memory.records}; // after a death
  next.put("a", "2");
  next.remove_others({"a"}, "");
  sent = next.take_sendable();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].topic == "b");
  CHECK(sent[0].payload.empty());
}

TEST_CASE("what was on its way, or there for a moment only, is published again after the connection was lost") {
  bridge::RecordingMemory memory;
  const RetainedTable::Time start{};
  RetainedTable table{memory, memory.records};
  table.put("a", "1");
  CHECK(table.take_sendable().size() == 1);
  table.connection_lost(start);
  CHECK(table.take_sendable().size() == 1);
  table.acknowledged("a", start);
  table.connection_lost(start + 1s);
  CHECK(table.take_sendable().size() == 1);
  table.acknowledged("a", start + 1s);
  table.connection_lost(start + 60s);
  CHECK(table.take_sendable().empty());
  table.broker_forgot();
  CHECK(table.take_sendable().size() == 1);
}

TEST_CASE("a command of another node is executed only where it is allowed, and with known options") {
  FleetConfiguration configuration;
  configuration.node = "me";
  configuration.allow = {"status", "log"};
  using Words = std::vector<std::string>;
  CHECK(checked_command({"status", "--json", "x", "A=1"}, configuration) ==
        Words{"status", "--json", "--", "x", "A=1"});
  CHECK(checked_command({"log", "--lines=5", "--", "-x"}, configuration) == Words{"log", "--lines=5", "--", "-x"});
  auto fault = [&](const Words& words) { return checked_command(words, configuration).error(); };
  CHECK(fault({"stop", "x"}) == "node me does not allow `stop' to other nodes (`allow' in its fleet.conf)");
  CHECK(fault({"reload-configuration"}) == "`reload-configuration' is no command that is executed for other nodes");
  CHECK(fault({"status", "--dest=evil"}) == "the option --dest=evil of `status' does not go to another node");
  configuration.allow.emplace_back("emit");
  CHECK(fault({"emit", "x"}) == "`emit' is no command that is executed for other nodes");
  CHECK(fault({"log", "--follow", "x"}) == "the option --follow of `log' does not go to another node");
}
