#include "daemons/event-broker/queue/queue.hpp"

#include <doctest/doctest.h>

using namespace upstart::broker;

namespace {

using Lines = std::vector<std::string>;

// A queue whose effects read as lines: "emitted 1 a", "give 2: 1 a", "give 2: 1 a again", "finished 1 a ok", "answer 9
// failed".
class Scenario {
public:
  explicit Scenario(Settings settings = {}) : queue{settings} {}

  Lines emit(const std::string& name, Emitter emitter = {}, std::vector<std::string> env = {}, unsigned files = 0) {
    return emit(NewEvent{.name = name, .env = std::move(env), .emitter = emitter, .files = files});
  }
  Lines emit(NewEvent event) {
    if (auto id = queue.accepted_with(event.token)) return {"known " + std::to_string(*id)};
    auto admission = queue.admit(std::move(event), clock);
    if (!admission) return {"refused: " + admission.error()};
    if (admission->wanted()) written.emplace_back(queue.written_form(*admission));
    return told(queue.accept(*admission));
  }
  Lines attach(const std::string& handler, const Lines& wants) {
    auto attached = queue.attach(handler, wants);
    subscriptions[handler] = attached.subscription;
    others = attached.wanted_by_others;
    unfinished = attached.unfinished;
    return told(std::move(attached.effects));
  }
  Lines finish(const std::string& handler, EventId id, bool failed = false, JobActions done = {}) {
    return told(queue.finished(subscriptions[handler], id, failed, std::move(done), clock));
  }
  Lines subscribe(const std::string& handler, const Lines& add, const Lines& remove = {}) {
    return told(queue.subscribe(subscriptions[handler], add, remove));
  }
  void leave(const std::string& handler) { told(queue.detach(subscriptions[handler])); }

  Lines told(Effects effects) {
    std::ranges::move(effects.changes, std::back_inserter(written));
    Lines lines;
    for (const auto& outgoing : effects.outgoing)
      std::visit([&](const auto& kind) { lines.push_back(line(kind)); }, outgoing);
    return lines;
  }
  // Who was told of a changed view, and what it is.
  std::map<SubscriptionId, Lines> views() {
    std::map<SubscriptionId, Lines> result;
    for (auto& view : queue.take_changed_views()) result[view.handler] = view.wanted_by_others;
    return result;
  }
  Scenario after_restart(bool from_snapshot) {
    Scenario next;
    for (const auto& change : from_snapshot ? queue.snapshot() : written) next.queue.restore(*decode(encode(change)));
    next.told(next.queue.reserve_ids());
    return next;
  }

  Queue queue;
  Time clock = 1000;
  std::map<std::string, SubscriptionId> subscriptions;
  Lines others;
  std::vector<EventId> unfinished;
  std::vector<Change> written;

private:
  static std::string text(const EventPointer& event) { return std::to_string(event->id) + " " + event->name; }
  static std::string text(bool failed) { return failed ? " failed" : " ok"; }
  static std::string line(const Deliver& kind) {
    return "give " + std::to_string(kind.to) + ": " + text(kind.event) + (kind.again ? " again" : "");
  }
  static std::string line(const Emitted& kind) { return "emitted " + text(kind.event); }
  static std::string line(const Finished& kind) { return "finished " + text(kind.event) + text(kind.failed); }
  static std::string line(const Answer& kind) { return "answer " + std::to_string(kind.waiter) + text(kind.failed); }
};

} // namespace

TEST_CASE("an event that nobody wants is finished as soon as it is emitted, and not written down") {
  Scenario scenario;
  CHECK(scenario.emit("a") == Lines{"emitted 1 a", "finished 1 a ok"});
  CHECK(scenario.queue.pending_count() == 0);
  CHECK(scenario.written.empty());
}

TEST_CASE("an event is given to those that want it and is finished when all of them have finished it") {
  Scenario scenario;
  scenario.attach("supervisor", {"a"});
  scenario.attach("bridge", {"a", "b"});
  CHECK(scenario.emit("a") == Lines{"emitted 1 a", "give 1: 1 a", "give 2: 1 a"});
  CHECK(scenario.emit("b") == Lines{"emitted 2 b", "give 2: 2 b"});
  CHECK(scenario.finish("bridge", 1).empty());
  CHECK(scenario.finish("supervisor", 1) == Lines{"finished 1 a ok"});
  CHECK(scenario.finish("bridge", 2) == Lines{"finished 2 b ok"});
}

TEST_CASE("a finish counts only once, only for a known event, and only from a handler that blocks it") {
  Scenario scenario;
  scenario.attach("one", {"a"});
  scenario.attach("two", {"a"});
  scenario.attach("three", {});
  scenario.emit("a");
  CHECK(scenario.finish("three", 1).empty());
  CHECK(scenario.finish("nobody", 1).empty());
  CHECK(scenario.finish("one", 99).empty());
  CHECK(scenario.finish("one", 1).empty());
  CHECK(scenario.finish("one", 1, true).empty());
  CHECK(scenario.finish("two", 1) == Lines{"finished 1 a ok"});
  CHECK(scenario.finish("two", 1).empty());
}

TEST_CASE("the failure of an event emits NAME/failed, but that of NAME/failed nothing") {
  Scenario scenario;
  scenario.attach("h", {"a", "a/failed"});
  scenario.emit("a", {.uid = 7, .pid = 8}, {"K=V"});
  CHECK(scenario.finish("h", 1, true) == Lines{"finished 1 a failed", "emitted 2 a/failed", "give 1: 2 a/failed"});
  const auto& follow_up = *scenario.queue.pending().front().event;
  CHECK(follow_up.env == Lines{"K=V"});
  CHECK(follow_up.emitter == Emitter{.uid = 7, .pid = 8});
  CHECK(scenario.finish("h", 2, true) == Lines{"finished 2 a/failed failed"});
}

TEST_CASE("one handler that fails makes the event fail") {
  Scenario scenario;
  scenario.attach("one", {"a"});
  scenario.attach("two", {"a"});
  scenario.emit("a");
  scenario.finish("one", 1, true);
  CHECK(scenario.finish("two", 1).front() == "finished 1 a failed");
}

TEST_CASE("patterns are wanted as fnmatch has it, and a handler that wants an event twice is given it once") {
  Scenario scenario;
  scenario.attach("h", {"a", "a*", "[!ab]", "x?"});
  CHECK(scenario.emit("a") == Lines{"emitted 1 a", "give 1: 1 a"});
  CHECK(scenario.emit("abc").size() == 2);
  CHECK(scenario.emit("c")[1] == "give 1: 3 c");
  CHECK(scenario.emit("b")[1] == "finished 4 b ok");
  CHECK(scenario.emit("xy")[1] == "give 1: 5 xy");
  CHECK(scenario.emit("yx")[1] == "finished 6 yx ok");
}

TEST_CASE("what a handler had not finished when it went is given again, first and once; what came since, for the first "
          "time") {
  Scenario scenario;
  scenario.attach("h", {"a"});
  for (int i = 0; i < 3; ++i) scenario.emit("a");
  scenario.finish("h", 2);
  scenario.leave("h");
  CHECK(scenario.emit("a") == Lines{"emitted 4 a"});
  CHECK(scenario.attach("h", {"a"}) == Lines{"give 2: 1 a again", "give 2: 3 a again", "give 2: 4 a"});
  CHECK(scenario.unfinished == std::vector<EventId>{1, 3, 4});
  CHECK(scenario.finish("h", 1) == Lines{"finished 1 a ok"});
  CHECK(scenario.emit("a") == Lines{"emitted 5 a", "give 2: 5 a"});
}

TEST_CASE("a handler that attaches anew replaces its former self, which is no longer listened to") {
  Scenario scenario;
  scenario.attach("h", {"a"});
  scenario.emit("a");
  auto former = scenario.subscriptions["h"];
  CHECK(scenario.attach("h", {"a"}) == Lines{"give 2: 1 a again"});
  CHECK(scenario.told(scenario.queue.finished(former, 1, false, {}, 0)).empty());
  CHECK(scenario.told(scenario.queue.detach(former)).empty());
  CHECK(scenario.emit("a").size() == 2);
}

TEST_CASE("attaching replaces the set of wanted events; what is owed stays owed") {
  Scenario scenario;
  scenario.attach("h", {"a", "b"});
  scenario.emit("a");
  scenario.attach("h", {"b"});
  CHECK(scenario.emit("a") == Lines{"emitted 2 a", "finished 2 a ok"});
  CHECK(scenario.queue.pending_count() == 1);
  scenario.subscribe("h", {"c"}, {"b"});
  CHECK(scenario.emit("b").back() == "finished 3 b ok");
  CHECK(scenario.emit("c").back() == "give 2: 4 c");
}

TEST_CASE("a handler that goes and wants nothing is forgotten; one that wants something is not") {
  Scenario scenario;
  scenario.attach("idle", {});
  scenario.attach("bridge", {"a"});
  scenario.leave("idle");
  scenario.leave("bridge");
  CHECK(std::holds_alternative<HandlerForgotten>(scenario.written.back()));
  CHECK(scenario.emit("a") == Lines{"emitted 1 a"});
  CHECK(scenario.queue.pending().front().blocked_by == Lines{"bridge"});
}

TEST_CASE("a handler may be forgotten while an event it had a part in still pends") {
  Scenario scenario;
  scenario.attach("one", {"a"});
  scenario.attach("two", {"a"});
  scenario.emit("a");
  scenario.finish("one", 1);
  scenario.subscribe("one", {}, {"a"});
  scenario.leave("one");
  CHECK(scenario.queue.snapshot().size() > 0);
  CHECK(scenario.finish("two", 1) == Lines{"finished 1 a ok"});
}

TEST_CASE("a waiter is answered when the event finishes, later ones at once") {
  Scenario scenario;
  scenario.attach("h", {"a"});
  scenario.emit("a");
  scenario.emit("a");
  CHECK_FALSE(scenario.queue.wait(1, 9)->has_value());
  CHECK_FALSE(scenario.queue.wait(2, 10)->has_value());
  CHECK(scenario.finish("h", 1, true) ==
        Lines{"finished 1 a failed", "answer 9 failed", "emitted 3 a/failed", "finished 3 a/failed ok"});
  CHECK(scenario.queue.wait(1, 11)->value());
  scenario.queue.abandon(2, 10);
  CHECK(scenario.finish("h", 2) == Lines{"finished 2 a ok"});
  CHECK_FALSE(scenario.queue.wait(2, 12)->value());
}

TEST_CASE("nobody can wait for an event that was never given out, or whose failure has been forgotten") {
  Scenario scenario{{.limits = {}, .history = 10, .history_bytes = 10'000, .failures = 1, .tokens = 1}};
  scenario.attach("h", {"a"});
  CHECK(scenario.queue.wait(0, 1).error() == Outcomes::Unknown::never_given_out);
  CHECK(scenario.queue.wait(1, 1).error() == Outcomes::Unknown::never_given_out);
  scenario.emit("a");
  scenario.finish("h", 1, true); // 2: a/failed
  scenario.emit("a");
  scenario.finish("h", 3, true);
  CHECK(scenario.queue.wait(1, 1).error() == Outcomes::Unknown::forgotten);
  CHECK_FALSE(scenario.queue.wait(2, 1)->value());
  CHECK(scenario.queue.wait(3, 1)->value());
}

TEST_CASE("a handler is told what others want when that has changed for it, and only then") {
  Scenario scenario;
  scenario.attach("one", {"a", "b*"});
  CHECK(scenario.others.empty());
  scenario.attach("two", {"a", "c"});
  CHECK(scenario.others == Lines{"a", "b*"});
  auto one = scenario.subscriptions["one"];
  auto two = scenario.subscriptions["two"];
  CHECK(scenario.views() == std::map<SubscriptionId, Lines>{{one, {"a", "c"}}});
  scenario.attach("three", {"a"});
  CHECK(scenario.others == Lines{"a", "b*", "c"});
  CHECK(scenario.views().empty()); // "a" was wanted by two already, in the eyes of each
  scenario.subscribe("three", {"c", "d"});
  CHECK(scenario.views() == std::map<SubscriptionId, Lines>{{one, {"a", "c", "d"}}, {two, {"a", "b*", "c", "d"}}});
  scenario.subscribe("two", {}, {"c"});
  CHECK(scenario.views() == std::map<SubscriptionId, Lines>{{scenario.subscriptions["three"], {"a", "b*"}}});
}

TEST_CASE("a user other than root has limits, and is told which of them it has reached") {
  struct Row {
    const char* what;
    Limits limits;
    unsigned files;
    std::string refusal;
  };
  for (const auto& [what, limits, files, refusal] : {
           Row{"events", {.events = 2}, 0, "refused: User 1000 has too much in flight: at most 2 events"},
           Row{"bytes", {.bytes = 600}, 0, "refused: User 1000 has too much in flight: at most 600 bytes of events"},
           Row{"descriptors",
               {.descriptors = 5},
               2,
               "refused: User 1000 has too much in flight: at most 5 descriptors with events"},
       }) {
    CAPTURE(what);
    Scenario scenario{{.limits = limits, .history = 10, .history_bytes = 10'000, .failures = 10, .tokens = 1}};
    scenario.attach("h", {"a"});
    Emitter user{.uid = 1000, .pid = 1};
    std::vector<std::string> env{"K=" + std::string(100, 'x')};
    CHECK(scenario.emit("a", user, env, files).size() == 2);
    CHECK(scenario.emit("a", user, env, files).size() == 2);
    CHECK(scenario.emit("a", user, env, files) == Lines{refusal});
    CHECK(scenario.emit("a", {.uid = 1001, .pid = 1}, env, files).size() == 2);
    CHECK(scenario.emit("a", {.uid = 0, .pid = 1}, env, files).size() == 2);
    CHECK(scenario.emit("unwanted", user).size() == 2);
    scenario.finish("h", 1);
    CHECK(scenario.emit("a", user, env, files).size() == 2);
  }
}

TEST_CASE("history tells who handled an event, what that did, how long it blocked, and the outcome") {
  Scenario scenario;
  scenario.attach("one", {"a"});
  scenario.attach("two", {"a"});
  scenario.emit("a", {.uid = 5, .pid = 6}, {"K=V"});
  scenario.finish("one", 1, false, {{"start", "x", ""}, {"stop", "y", ""}});
  scenario.clock += 50;
  scenario.finish("two", 1, true, {{"start", "z", "1"}});
  scenario.emit("a");
  auto all = scenario.queue.history().last(0);
  REQUIRE(all.size() == 3);
  CHECK(all[0]->handlers == Lines{"one", "two"});
  CHECK(all[0]->done == JobActions{{"start", "x", ""}, {"stop", "y", ""}, {"start", "z", "1"}});
  CHECK(all[0]->blocked == 50);
  CHECK(all[0]->outcome == Outcome::failed);
  CHECK(all[0]->emitter == Emitter{.uid = 5, .pid = 6});
  CHECK(all[1]->name == "a/failed");
  CHECK(all[2]->outcome == Outcome::pending);
}

TEST_CASE("history keeps the last events and gives the last few, oldest first") {
  Scenario scenario{{.limits = {}, .history = 4, .history_bytes = 10'000, .failures = 10, .tokens = 1}};
  for (int i = 0; i < 10; ++i) scenario.queue.record("r" + std::to_string(i), {"A=1"}, {}, 5);
  Lines names;
  for (const auto* event : scenario.queue.history().last(0)) names.push_back(event->name);
  CHECK(names == Lines{"r6", "r7", "r8", "r9"});
  CHECK(scenario.queue.history().last(2).front()->name == "r8");
  CHECK(scenario.queue.history().last(100).size() == 4);
}

TEST_CASE("history is bounded in bytes: where events are large, the oldest go first") {
  Scenario scenario{{.limits = {}, .history = 100, .history_bytes = 50'000, .failures = 10, .tokens = 10}};
  for (int i = 0; i < 10; ++i) scenario.emit("a", {}, {"A=" + std::string(10'000, 'x')});
  auto all = scenario.queue.history().last(0);
  CHECK(all.size() == 4);
  CHECK(all.front()->id == 7);
  CHECK(all.back()->id == 10);
  for (int i = 0; i < 300; ++i) scenario.emit("small");
  CHECK(scenario.queue.history().last(0).size() == 100);
  CHECK(scenario.queue.history().last(0).front()->id == 211);
}

TEST_CASE("of what handlers did because of one event the history keeps no more than it has room for") {
  Scenario scenario;
  scenario.attach("h", {"a"});
  scenario.emit("a", {}, {std::string(100'000, 'n') + "="});
  scenario.finish("h", 1, false, JobActions(10'000, {"start", "job", ""}));
  CHECK(scenario.queue.history().last(0).front()->done.size() == most_remembered_actions);
}

TEST_CASE("an event that is sent again with the same token is the same event: while it pends and after it has ended") {
  Scenario scenario;
  scenario.attach("h", {"a"});
  CHECK(scenario.emit({.name = "a", .env = {}, .token = "0 t"}) == Lines{"emitted 1 a", "give 1: 1 a"});
  CHECK(scenario.emit({.name = "a", .env = {}, .token = "0 t"}) == Lines{"known 1"});
  CHECK(scenario.emit({.name = "a", .env = {}, .token = "1 t"}).front() == "emitted 2 a");
  scenario.finish("h", 1);
  CHECK(scenario.emit({.name = "a", .env = {}, .token = "0 t"}) == Lines{"known 1"});
  CHECK(scenario.emit({.name = "unwanted", .env = {}, .token = "0 u"}).front() == "emitted 3 unwanted");
  CHECK(scenario.emit({.name = "unwanted", .env = {}, .token = "0 u"}) == Lines{"known 3"});
  CHECK(scenario.emit({.name = "a", .env = {}}).front() == "emitted 4 a");
  CHECK(scenario.emit({.name = "a", .env = {}}).front() == "emitted 5 a");
}

TEST_CASE("tokens are known after a restart, those of ended events too, and the oldest of those are forgotten") {
  for (bool from_snapshot : {false, true}) {
    CAPTURE(from_snapshot);
    Scenario before;
    before.attach("h", {"a"});
    before.emit({.name = "a", .env = {}, .token = "0 ended"});
    before.emit({.name = "a", .env = {}, .token = "0 pending"});
    before.finish("h", 1);
    Scenario after = before.after_restart(from_snapshot);
    CHECK(after.emit({.name = "a", .env = {}, .token = "0 ended"}) == Lines{"known 1"});
    CHECK(after.emit({.name = "a", .env = {}, .token = "0 pending"}) == Lines{"known 2"});
  }
  Scenario few{{.limits = {}, .history = 10, .history_bytes = 1000, .failures = 10, .tokens = 2}};
  for (const auto* token : {"0 a", "0 b", "0 c"}) few.emit({.name = "x", .env = {}, .token = token});
  CHECK(few.queue.accepted_with("0 c") == 3);
  CHECK(few.queue.accepted_with("0 b") == 2);
  CHECK_FALSE(few.queue.accepted_with("0 a"));
}

TEST_CASE("after what was written down had gaps, no id is given out that may have been given out before") {
  Scenario before;
  before.told(before.queue.reserve_ids());
  for (int i = 0; i < 60'000; ++i) {
    before.queue.record("r", {}, {}, 1);
    before.told(before.queue.reserve_ids());
  }
  REQUIRE(before.written.size() == 2); // and the second is lost
  Scenario after;
  after.queue.restore(before.written.front());
  after.queue.restored_with_gaps();
  CHECK(after.queue.record("r", {}, {}, 1) > 60'000 + 32'768);
}

TEST_CASE("a huge environment is not kept in the history whole") {
  Scenario scenario;
  scenario.emit("a", {}, {"A=1", "B=" + std::string(most_remembered_of_env, 'x'), "C=3"});
  CHECK(scenario.queue.history().last(0).front()->env == Lines{"A=1"});
}

TEST_CASE("recorded events take part in the order") {
  Scenario scenario;
  CHECK(scenario.queue.record("a", {}, {}, 1) == 1);
  CHECK(scenario.emit("b").front() == "emitted 2 b");
  CHECK_FALSE(scenario.queue.wait(1, 1)->value());
}

TEST_CASE(
    "after a restart everything goes on: what pends, what is owed, what is wanted, what has failed, and higher ids") {
  for (bool from_snapshot : {false, true}) {
    CAPTURE(from_snapshot);
    Scenario before;
    before.told(before.queue.reserve_ids());
    before.attach("one", {"a", "b"});
    before.attach("two", {"a"});
    before.subscribe("two", {"c*"});
    before.emit("b", {.uid = 3, .pid = 4}, {"K=V"}, 1); // 1
    before.emit("a");                                   // 2
    before.emit("a");                                   // 3
    before.finish("one", 1, true);                      // 4: b/failed
    before.finish("one", 2, true, {{"start", "x", ""}});
    before.finish("one", 3);
    before.finish("two", 3);
    Scenario after = before.after_restart(from_snapshot);
    CHECK(after.queue.pending_count() == 1);
    CHECK(after.queue.pending().front().blocked_by == Lines{"two"});
    CHECK(after.emit("b") == Lines{"emitted 65537 b"}); // kept for "one"
    CHECK(after.attach("two", {"a", "c*"}) == Lines{"give 1: 2 a again"});
    CHECK(after.finish("two", 2).front() == "finished 2 a failed");
    CHECK(after.queue.wait(1, 1)->value());
    CHECK_FALSE(after.queue.wait(3, 1)->value());
    CHECK(after.attach("one", {"a", "b"}) == Lines{"give 2: 65537 b"});
  }
}

TEST_CASE("a failure and what follows from it are remembered together") {
  Scenario before;
  before.attach("h", {"a", "a/failed"});
  before.emit("a");
  before.finish("h", 1, true);
  CHECK(std::get<EventEnded>(before.written.back()).follow_up.has_value());
  Scenario after = before.after_restart(false);
  CHECK(after.attach("h", {}) == Lines{"give 1: 2 a/failed again"});
}

TEST_CASE("ids are reserved long before they run out") {
  Scenario scenario;
  CHECK(scenario.queue.reserve_ids().changes.size() == 1);
  CHECK(scenario.queue.reserve_ids().changes.empty());
  for (int i = 0; i < 40'000; ++i) scenario.queue.record("r", {}, {}, 1);
  CHECK(scenario.queue.reserve_ids().changes.size() == 1);
}
