#include "daemons/base/files/test/journal-fixture.hpp"
#include "daemons/mqtt-bridge/fleet/fleet.hpp"
#include "daemons/mqtt-bridge/testing/recording-connection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

using namespace upstart;
using namespace upstart::mqtt_bridge;
using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

namespace {

// The event broker: takes each token once, and says at once that it has the event.
struct RecordingEmitter final : bridge::Emitter {
  explicit RecordingEmitter(base::EventLoop& its_loop) : loop{its_loop} {}
  void emit(base::Emission emission, std::function<void(bool)>, std::function<void()> accepted) override {
    auto text = emission.name;
    for (const auto& entry : emission.environment.strings()) text += " " + entry;
    if (tokens.insert(emission.token).second) events.push_back(text);
    loop.defer(accepted);
  }
  base::EventLoop& loop;
  std::set<std::string> tokens;
  Strings events;
};

const Topics topics{"shop"};

// The node web1 of the fleet shop, as one process after the other.
struct FleetFixture {
  base::test::TemporaryDirectory directory;
  base::EventLoop loop;
  RecordingEmitter emitter{loop};
  RecordedSession session; // at the broker
  FleetConfiguration configuration;
  RecordingConnection* connection = nullptr;
  std::unique_ptr<Fleet> fleet;

  FleetFixture() {
    configuration.host = "localhost";
    configuration.fleet = "shop";
    configuration.node = "web1";
    configuration.accept = {"deploy"};
    std::ofstream{initctl()} << "#!/bin/sh\necho \"$*\" >>" << directory.path() << "/ran\n";
    std::filesystem::permissions(initctl(), std::filesystem::perms::owner_all);
    start();
  }

  [[nodiscard]] std::string initctl() const { return directory.path() + "/initctl"; }
  [[nodiscard]] std::string ran() const {
    std::stringstream text;
    text << std::ifstream{directory.path() + "/ran"}.rdbuf();
    return text.str();
  }

  // The process before ends first, if it has not.
  void start() {
    fleet.reset();
    auto made = Fleet::join(loop, emitter, configuration,
                            {.run_directory = directory.path(),
                             .state_directory = directory.path(),
                             .jobs_address = "unix:path=" + directory.path() + "/jobs",
                             .initctl = initctl(),
                             .life = "life"},
                            [this](const FleetConfiguration&, const Publication&, MqttConnection::Events events) {
                              auto its = std::make_unique<RecordingConnection>(loop, session, std::move(events));
                              connection = its.get();
                              return its;
                            });
    REQUIRE(made);
    fleet = std::move(*made);
  }

  void turn() {
    for (int i = 0; i < 5; ++i) loop.run_once(false);
  }
  void until(const std::function<bool()>& condition) {
    bool late = false;
    base::Timer limit{loop, [&] { late = true; }};
    limit.start(10s);
    while (!condition() && !late) loop.run_once();
    REQUIRE(condition());
  }

  void ask(const std::string& job, const std::string& event, const Strings& arguments = {}) {
    (void)fleet->jobs_changed({.changed = {{job, {{event, arguments, true}}}}, .gone = {}, .activity = {}});
  }
  void ask_nothing(const Strings& gone = {}) {
    (void)fleet->jobs_changed({.changed = {}, .gone = gone, .activity = {}});
  }

  [[nodiscard]] std::optional<std::string> watched(const std::string& what) const {
    for (const auto& watch : fleet->watches())
      if (watch.what == what) return watch.state;
    return std::nullopt;
  }
};

Message event(const std::string& topic, const std::string& name, int number = 1) {
  return {.topic = topic,
          .payload = to_json({.id = "sender/" + std::to_string(number),
                              .name = name,
                              .env = {"N=" + std::to_string(number)},
                              .node = "ops"})};
}
Message deploy(int number = 1) { return event(topics.event("deploy"), "deploy", number); }

Message call(const std::string& mark) {
  return {.topic = topics.call("web1"),
          .payload = to_json(CallMessage{.words = {"list"}, .node = "ops"}),
          .response_topic = topics.reply("web1", "ops"),
          .correlation = mark};
}

} // namespace

TEST_CASE("what an earlier process had subscribed to is given back once it is known what jobs ask for, not before") {
  FleetFixture test;
  test.ask("job", "deploy");
  test.connection->connect(false);
  test.turn();
  CHECK(test.session.filters.contains(topics.event("deploy")));
  test.start();
  test.connection->connect(true);
  test.turn();
  CHECK(test.session.filters.contains(topics.event("deploy")));
  SUBCASE("asked for again") {
    test.ask("job", "deploy");
    test.turn();
    CHECK(test.session.filters.contains(topics.event("deploy")));
  }
  SUBCASE("not asked for") {
    test.ask_nothing();
    test.turn();
    CHECK_FALSE(test.session.filters.contains(topics.event("deploy")));
    CHECK(test.session.filters.contains(topics.call("web1")));
  }
}

TEST_CASE("what was dropped while there was no connection is given back on the next one") {
  FleetFixture test;
  test.ask("job", "deploy");
  test.connection->connect(false);
  test.turn();
  test.connection->lose();
  test.ask_nothing({"job"});
  CHECK(test.session.filters.contains(topics.event("deploy")));
  test.connection->connect(true);
  CHECK_FALSE(test.session.filters.contains(topics.event("deploy")));
}

TEST_CASE("what the broker has not answered is given back again") {
  FleetFixture test;
  test.ask("job", "deploy");
  test.connection->connect(false);
  test.turn();
  test.ask_nothing({"job"});
  test.connection->lose(); // before the answer
  test.turn();
  test.session.filters.insert(topics.event("deploy")); // it had not got through
  test.start();
  test.connection->connect(true);
  test.ask_nothing();
  test.turn();
  CHECK_FALSE(test.session.filters.contains(topics.event("deploy")));
}

TEST_CASE("a question ends with the mark that this process has sent to itself, not with one of others or of before") {
  FleetFixture test;
  test.connection->connect(false);
  std::optional<NodeStates> states;
  test.fleet->ask_nodes(5s, [&](const auto& answer) {
    REQUIRE(answer);
    states = *answer;
  });
  test.turn();
  auto own = topics.reply("web1", "web1");
  auto mark = std::ranges::find(test.session.published, own, &Publication::topic);
  REQUIRE(mark != test.session.published.end());
  auto correlation = mark->correlation;
  test.connection->deliver({{.topic = topics.reply("evil", "web1"), .payload = "{}", .correlation = correlation},
                            {.topic = own, .payload = "{}", .correlation = "mark-of-before-1"}});
  test.turn();
  CHECK_FALSE(states);
  NodeState up{.online = true, .version = "1", .boot = "b"};
  test.connection->deliver({{.topic = topics.state("db1"), .payload = to_json(up), .retained = true},
                            {.topic = own, .payload = "{}", .correlation = correlation}});
  test.turn();
  REQUIRE(states);
  CHECK(states->contains("db1"));
}

TEST_CASE("an event that a job's pattern brings and nobody accepts is ignored; one to this node is refused, and told") {
  FleetFixture test;
  test.ask("job", "d*");
  test.connection->connect(false);
  CHECK(test.session.filters.contains(topics.all_events()));
  test.connection->deliver({event(topics.event("drop"), "drop", 1), deploy(2)});
  test.turn();
  CHECK(test.emitter.events == Strings{"deploy N=2 NODE=ops"});
  CHECK_FALSE(test.watched("events of node ops"));
  test.connection->deliver({event(topics.node_event("web1", "drop"), "drop", 3)});
  test.turn();
  CHECK(test.emitter.events.size() == 1);
  CHECK(test.watched("events of node ops")->contains("no pattern of `accept' in fleet.conf fits it"));
}

TEST_CASE("a subscription that the broker refuses is shown where jobs ask for it: events, patterns, nodes") {
  FleetFixture test;
  test.session.refused = {topics.event("deploy"), topics.all_events(), topics.state("+")};
  (void)test.fleet->jobs_changed({.changed = {{"by-name", {{"deploy", {}, true}}},
                                              {"by-pattern", {{"dep*", {}, true}}},
                                              {"by-node", {{"node-up", {"NODE=db*"}, true}}}},
                                  .gone = {},
                                  .activity = {}});
  test.connection->connect(false);
  test.turn();
  CHECK(test.watched("event deploy") == RecordingConnection::refusal);
  CHECK(test.watched("event dep*") == RecordingConnection::refusal);
  CHECK(test.watched("node-up NODE=db*") == RecordingConnection::refusal);
  test.session.refused.clear();
  test.connection->lose();
  test.connection->connect(true);
  test.turn();
  CHECK(test.watched("event dep*") == "watched at other nodes");
  CHECK(test.watched("node-up NODE=db*") == "watched");
}

TEST_CASE("what cannot be written is not acknowledged, happens not before it is, and then once") {
  FleetFixture test;
  test.ask("job", "deploy");
  test.connection->connect(false);
  test.turn();
  bool killed = false;
  SUBCASE("the process goes on") {}
  SUBCASE("the process dies meanwhile") { killed = true; }
  {
    base::test::FullDisk full{1};
    CHECK_FALSE(test.connection->deliver({deploy(), call("a")}));
    test.turn();
    if (killed) test.fleet.reset();
  }
  CHECK(test.emitter.events.empty());
  CHECK(test.ran().empty());
  if (killed) test.start();
  test.ask("job", "deploy");
  test.connection->connect(true);
  CHECK(test.connection->deliver({deploy(), call("a"), deploy(2)}));
  test.until([&] { return !test.ran().empty(); });
  CHECK(test.emitter.events == Strings{"deploy N=1 NODE=ops", "deploy N=2 NODE=ops"});
  CHECK(test.ran() == "list --\n");
}

TEST_CASE("a call that comes again after a restart was executed, and is not again") {
  FleetFixture test;
  test.connection->connect(false);
  test.connection->deliver({call("a")});
  test.until([&] { return !test.ran().empty(); });
  test.start();
  test.connection->connect(true);
  test.connection->deliver({call("a"), call("b")});
  test.until([&] { return test.ran().size() > std::string{"list --\n"}.size(); });
  test.connection->deliver({call("b")});
  test.turn();
  CHECK(test.ran() == "list --\nlist --\n");
}
