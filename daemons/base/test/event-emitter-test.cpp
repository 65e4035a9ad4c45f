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
  std::vector<std::string> heard; // "name K=V"

private:
  void serve(std::unique_ptr<BusConnection> client) {
    hang_up();
    client_ = std::move(client);
    object_ = sdbus::createObject(client_->sdbus(), sdbus::ObjectPath{protocol::path::event_broker});
    object_
        ->addVTable(
            sdbus::registerMethod("Emit").implementedAs(
                [this](sdbus::Result<EventId>&& result, std::string name, std::vector<std::string> env,
                       std::vector<sdbus::UnixFd>) { take(std::move(result), name, env); }),
            sdbus::registerMethod("EmitFor").implementedAs(
                [this](sdbus::Result<EventId>&& result, std::string name, std::vector<std::string> env,
                       std::vector<sdbus::UnixFd>, std::uint32_t uid, std::uint32_t pid) {
                  take(std::move(result), name + " for " + std::to_string(uid) + "/" + std::to_string(pid), env);
                }),
            sdbus::registerMethod("WaitFor").implementedAs([this](sdbus::Result<bool>&& result, EventId id) {
              if (forgotten.contains(id))
                result.returnError(sdbus::Error{sdbus::Error::Name{protocol::error_name::invalid_args}, "gone"});
              else waiting_[id] = std::move(result);
            }))
        .forInterface("com.ubuntu.Upstart.EventBroker1");
  }
  void take(sdbus::Result<EventId>&& result, const std::string& name, const std::vector<std::string>& env) {
    heard.push_back(name);
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

TEST_CASE("an event of an earlier process is awaited by its id") {
  Scenario scenario{Learns::by_asking};
  scenario.emitter.await(9, [&](bool failed) { scenario.outcomes.emplace_back(failed ? "failed" : "finished"); });
  scenario.await([&] { return scenario.broker.is_asked_for(9); });
  scenario.broker.finish(9, true);
  scenario.await([&] { return !scenario.outcomes.empty(); });
  CHECK(scenario.outcomes == Lines{"failed"});
}
