#include "daemons/base/event-emitter.hpp"

#include "daemons/base/peer.hpp"
#include "daemons/base/reconnecting-connection.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace upstart::base;
using namespace std::chrono_literals;
namespace protocol = upstart::protocol;

namespace {

std::string test_address() { return "unix:abstract=/upstart-emitter-test/" + std::to_string(::getpid()); }

// A broker that accepts what it is told to accept, and finishes what it is told to finish.
class FakeBroker {
public:
  explicit FakeBroker(EventLoop& loop) : loop_{loop} {
    auto listening = listen_at(test_address());
    REQUIRE(listening);
    server_ =
        std::make_unique<PeerServer>(loop_, std::move(*listening), [this](auto client) { serve(std::move(client)); });
  }
  ~FakeBroker() { hang_up(); }
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  void hang_up() {
    waiting_.clear();
    unanswered_.clear();
    object_.reset();
    client_.reset();
  }
  void finish(EventId id, bool failed) {
    auto waiting = waiting_.extract(id);
    REQUIRE(waiting);
    waiting.mapped().returnResults(failed);
  }
  [[nodiscard]] bool is_asked_for(EventId id) const { return waiting_.contains(id); }

  bool answers = true;           // Emit, at once
  std::set<std::string> unknown; // event names that are refused
  std::set<EventId> forgotten;
  std::vector<std::string> heard;  // "name K=V"
  std::vector<std::string> tokens; // of those

private:
  void serve(std::unique_ptr<BusConnection> client) {
    hang_up();
    client_ = std::move(client);
    object_ = sdbus::createObject(client_->sdbus(), sdbus::ObjectPath{protocol::path::event_broker});
    object_
        ->addVTable(
            sdbus::registerMethod("EmitOnce")
                .implementedAs([this](sdbus::Result<EventId>&& result, std::string name, std::vector<std::string> env,
                                      std::vector<sdbus::UnixFd>,
                                      std::string token) { take(std::move(result), name, env, token); }),
            sdbus::registerMethod("EmitFor").implementedAs(
                [this](sdbus::Result<EventId>&& result, std::string name, std::vector<std::string> env,
                       std::vector<sdbus::UnixFd>, std::uint32_t uid, std::uint32_t pid, std::string token) {
                  take(std::move(result), name + " for " + std::to_string(uid) + "/" + std::to_string(pid), env, token);
                }),
            sdbus::registerMethod("WaitFor").implementedAs([this](sdbus::Result<bool>&& result, EventId id) {
              if (forgotten.contains(id))
                result.returnError(sdbus::Error{sdbus::Error::Name{protocol::error_name::invalid_args}, "gone"});
              else waiting_[id] = std::move(result);
            }))
        .forInterface("com.ubuntu.Upstart.EventBroker1");
  }
  void take(sdbus::Result<EventId>&& result, const std::string& name, const std::vector<std::string>& env,
            const std::string& token) {
    heard.push_back(name);
    tokens.push_back(token);
    for (const auto& entry : env) heard.back() += " " + entry;
    if (unknown.contains(name))
      result.returnError(sdbus::Error{sdbus::Error::Name{protocol::error_name::failed}, "no"});
    else if (answers) result.returnResults(++last_id_);
    else unanswered_.push_back(std::move(result));
  }

  EventLoop& loop_;
  std::unique_ptr<PeerServer> server_;
  std::unique_ptr<BusConnection> client_;
  std::unique_ptr<sdbus::IObject> object_;
  std::map<EventId, sdbus::Result<bool>> waiting_;
  std::vector<sdbus::Result<EventId>> unanswered_;
  EventId last_id_ = 0;
};

struct Scenario {
  explicit Scenario(EventEmitter::Learns learns) : emitter{loop, learns} { connection.connect_to(test_address()); }
  ~Scenario() {
    emitter.lost();
    connection.disconnect();
  }
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  void emit(const std::string& name) {
    emitter.emit(
        {.name = name, .environment = protocol::Environment{std::vector<std::string>{"K=V"}}},
        [this, name](bool failed) { outcomes.push_back(name + (failed ? " failed" : " finished")); },
        [this](EventId id) { accepted.push_back(id); });
  }
  template <typename Condition> void await(Condition condition) {
    bool in_time = true;
    Timer limit{loop, [&] { in_time = false; }};
    limit.start(10s);
    while (in_time && !condition()) loop.run_once();
    REQUIRE(in_time);
  }

  EventLoop loop;
  FakeBroker broker{loop};
  EventEmitter emitter;
  std::vector<std::string> outcomes;
  std::vector<EventId> accepted;
  ReconnectingConnection connection{
      loop,
      {.other_end = "event broker", .pauses = {1ms, 5ms}},
      {.connected = [this](auto& now) { emitter.connected(now); }, .lost = [this] { emitter.lost(); }}};
};

using Lines = std::vector<std::string>;
using Learns = EventEmitter::Learns;

} // namespace

TEST_CASE("events emitted before there is a connection are sent in order when it is there, and each finishes") {
  Scenario scenario{Learns::by_asking};
  scenario.emit("a");
  scenario.emit("b");
  scenario.await([&] { return scenario.broker.is_asked_for(1) && scenario.broker.is_asked_for(2); });
  CHECK(scenario.broker.heard == Lines{"a K=V", "b K=V"});
  CHECK(scenario.accepted == std::vector<EventId>{1, 2});
  scenario.broker.finish(2, true);
  scenario.broker.finish(1, false);
  scenario.await([&] { return scenario.outcomes.size() == 2; });
  CHECK(scenario.outcomes == Lines{"b failed", "a finished"});
}

TEST_CASE("an event that is not to be kept is concluded as failed when the broker goes before it has accepted it") {
  Scenario scenario{Learns::by_asking};
  scenario.broker.answers = false;
  scenario.await([&] { return scenario.connection.connection() != nullptr; });
  scenario.emitter.emit({.name = "passing", .keep = false},
                        [&](bool failed) { scenario.outcomes.push_back(failed ? "failed" : "finished"); });
  scenario.await([&] { return scenario.broker.heard.size() == 1; });
  scenario.broker.answers = true;
  scenario.broker.hang_up();
  scenario.await([&] { return scenario.outcomes == Lines{"failed"}; });
  scenario.emit("next");
  scenario.await([&] { return scenario.broker.is_asked_for(1); });
  CHECK(scenario.broker.heard == Lines{"passing", "next K=V"});
}

TEST_CASE("an event that was not accepted when the broker went is sent again; one that was is asked after") {
  Scenario scenario{Learns::by_asking};
  scenario.emit("accepted");
  scenario.await([&] { return scenario.broker.is_asked_for(1); });
  scenario.broker.answers = false;
  scenario.emit("unaccepted");
  scenario.await([&] { return scenario.broker.heard.size() == 2; });
  scenario.broker.answers = true;
  scenario.broker.hang_up();
  scenario.await([&] { return scenario.broker.is_asked_for(1) && scenario.broker.is_asked_for(2); });
  CHECK(scenario.broker.heard == Lines{"accepted K=V", "unaccepted K=V", "unaccepted K=V"});
  CHECK(scenario.broker.tokens[1] == scenario.broker.tokens[2]);
  CHECK(scenario.broker.tokens[0] != scenario.broker.tokens[1]);
  CHECK(scenario.outcomes.empty());
}

TEST_CASE("an event that the broker has forgotten when it is asked after counts as finished") {
  Scenario scenario{Learns::by_signal};
  scenario.emit("a");
  scenario.await([&] { return scenario.accepted.size() == 1; });
  scenario.broker.forgotten.insert(1);
  scenario.broker.hang_up();
  scenario.await([&] { return !scenario.outcomes.empty(); });
  CHECK(scenario.outcomes == Lines{"a finished"});
}

TEST_CASE("by signal the broker is not asked, and an event of somebody else is told apart") {
  Scenario scenario{Learns::by_signal};
  scenario.await([&] { return scenario.connection.connection() != nullptr; });
  scenario.emit("a");
  scenario.await([&] { return scenario.accepted.size() == 1; });
  CHECK_FALSE(scenario.emitter.event_finished(7, false));
  CHECK(scenario.emitter.event_finished(1, true));
  CHECK_FALSE(scenario.emitter.event_finished(1, true));
  CHECK(scenario.outcomes == Lines{"a failed"});
  CHECK_FALSE(scenario.broker.is_asked_for(1));
}

TEST_CASE("an event that the broker refuses has failed, and the next one is not mistaken for it") {
  Scenario scenario{Learns::by_asking};
  scenario.broker.unknown.insert("bad");
  scenario.emit("bad");
  scenario.emit("good");
  scenario.await([&] { return scenario.broker.is_asked_for(1); });
  CHECK(scenario.outcomes == Lines{"bad failed"});
  CHECK(scenario.accepted == std::vector<EventId>{1});
}

TEST_CASE("an event is emitted in the name of another process where that is wished") {
  Scenario scenario{Learns::by_signal};
  scenario.emitter.emit({.name = "a", .emitter = Caller{.uid = 5, .pid = 6}}, {});
  scenario.await([&] { return !scenario.broker.heard.empty(); });
  CHECK(scenario.broker.heard == Lines{"a for 5/6"});
}

TEST_CASE("by signal, an event that is sent again is asked after: it may have finished before its answer comes") {
  Scenario scenario{Learns::by_signal};
  scenario.await([&] { return scenario.connection.connection() != nullptr; });
  scenario.broker.answers = false;
  scenario.emit("a");
  scenario.await([&] { return scenario.broker.heard.size() == 1; });
  scenario.broker.answers = true;
  scenario.broker.hang_up();
  scenario.await([&] { return scenario.broker.is_asked_for(1); });
  scenario.broker.finish(1, false);
  scenario.await([&] { return !scenario.outcomes.empty(); });
  CHECK(scenario.outcomes == Lines{"a finished"});
}

TEST_CASE("a token that the emission brings along is kept, and without one no two emissions have the same") {
  Scenario scenario{Learns::by_signal};
  scenario.emitter.emit({.name = "a", .token = "mine:1"}, {});
  scenario.emit("b");
  scenario.emit("c");
  scenario.await([&] { return scenario.accepted.size() == 2; });
  const auto& tokens = scenario.broker.tokens;
  CHECK(tokens[0] == "mine:1");
  CHECK(tokens[1].size() > 32);
  CHECK(tokens[1] != tokens[2]);
}

TEST_CASE("a message that comes very often is given at once, and then with how often it came") {
  EventLoop loop;
  std::vector<std::string> given;
  RepeatedMessage message{loop, [&](const std::string& text) { given.push_back(text); }, 20ms};
  for (int i = 0; i < 5; ++i) message.tell("no " + std::to_string(i));
  CHECK(given == Lines{"no 0"});
  while (given.size() < 2) loop.run_once();
  CHECK(given.back() == "no 4 (and 3 more like this since the last message)");
  message.tell("one");
  while (given.size() < 3) loop.run_once();
  CHECK(given.back() == "one");
}

TEST_CASE("an event of an earlier process is awaited by its id") {
  Scenario scenario{Learns::by_asking};
  scenario.emitter.await(9, [&](bool failed) { scenario.outcomes.emplace_back(failed ? "failed" : "finished"); });
  scenario.await([&] { return scenario.broker.is_asked_for(9); });
  scenario.broker.finish(9, true);
  scenario.await([&] { return !scenario.outcomes.empty(); });
  CHECK(scenario.outcomes == Lines{"failed"});
}
