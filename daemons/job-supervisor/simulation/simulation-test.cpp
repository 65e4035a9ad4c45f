#include "daemons/job-supervisor/simulation/simulation.hpp"

#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <nlohmann/json.hpp>

using namespace upstart::supervisor;

namespace {

using Kind = SimulatedStep::Kind;
using Lines = std::vector<std::string>;

Situation situation(std::initializer_list<std::pair<const char*, const char*>> jobs) {
  Situation made{.classes = {}};
  for (const auto& [name, text] : jobs) made.classes.push_back(test::World::parse(name, text));
  return made;
}

// The steps that tell a story: no states in between.
Lines story(const Situation& before, const SimulatedEvent& event) {
  Lines lines;
  for (const auto& step : simulate(before, event)) {
    if (step.kind == Kind::state && step.name != "running" && step.name != "waiting") continue;
    std::string line{name_of(step.kind)};
    for (const auto& part : {step.job, step.instance, step.name, step.text})
      if (!part.empty()) line += " " + part;
    lines.push_back(line);
  }
  return lines;
}

} // namespace

namespace doctest {
template <> struct StringMaker<Lines> {
  static String convert(const Lines& lines) {
    std::string text;
    for (const auto& line : lines) text += "\n  " + line;
    return text.c_str();
  }
};
} // namespace doctest

TEST_CASE("an event starts a service, whose events start others") {
  auto before =
      situation({{"db", "start on go\nexec db"}, {"web", "start on started db\npre-start exec prepare\nexec web"}});
  CHECK(story(before, {"go", {}}) == Lines{"event go", "goal db start", "event starting", "process db main db",
                                           "state db running", "event started", "goal web start", "event starting",
                                           "process web pre-start prepare", "finished go", "process web main web",
                                           "state web running", "event started"});
}

TEST_CASE("a task runs and ends, and only then the event is finished") {
  auto lines = story(situation({{"job", "start on go\ntask\nexec work"}}), {"go", {}});
  CHECK(lines.back() == "finished go");
  CHECK(std::ranges::contains(lines, "state job waiting"));
}

TEST_CASE("an event that no job knows, and that is like one that a job waits for, is taken for misspelt") {
  auto before = situation({{"job", "start on network-up\nstop on halting\nemits network-ups"}});
  CHECK(story(before, {"netwrok-up", {}}).back() == "unawaited netwrok-up did you mean `network-up`?");
  CHECK(story(before, {"haltign", {}}).back() == "unawaited haltign did you mean `halting`?");
  CHECK(story(before, {"network-ups", {}}).back() == "finished network-ups");
  CHECK(story(before, {"printer", {}}).back() == "finished printer");
}

TEST_CASE("what runs is stopped by its stop on") {
  auto before = situation({{"svc", "stop on halt\nexec svc"}});
  before.running = {{"svc", {}}};
  auto lines = story(before, {"halt", {}});
  CHECK(lines ==
        Lines{"event halt", "goal svc stop", "event stopping", "state svc waiting", "event stopped", "finished halt"});
}

TEST_CASE("an event that is one half of an and is blocked, and it is told by what") {
  auto lines = story(situation({{"svc", "start on a and b\nexec svc"}}), {"a", {}});
  CHECK(lines == Lines{"event a", "blocked a", "holding svc start on a"});
}

TEST_CASE("what is held already counts") {
  auto before = situation({{"svc", "start on a and b\nexec svc"}});
  before.held = {{"svc", std::nullopt, 0, {"a", {}}}};
  CHECK(std::ranges::contains(story(before, {"b", {}}), "state svc running"));
}

TEST_CASE("an event that nobody wants only finishes") {
  CHECK(story(situation({}), {"nobody", {}}) == Lines{"event nobody", "finished nobody"});
}

TEST_CASE("jobs that start each other for ever come to an end here") {
  auto before = situation({{"a", "start on go or stopped b\ntask\nexec a"}, {"b", "start on stopped a\ntask\nexec b"}});
  auto steps = simulate(before, {"go", {}});
  CHECK(steps.size() >= most_simulated_steps);
  CHECK(std::ranges::contains(steps, Kind::endless, &SimulatedStep::kind));
}

TEST_CASE("the situation is taken from the jobs that are there") {
  test::World world;
  world.load("svc", "instance $N\nstart on go and more\nstop on halt\nexec svc");
  world.start("svc", {"N=1"}, false);
  world.emit("go", {"N=2"});
  auto before = situation_of(world.jobs);
  CHECK(before.classes.size() == 1);
  REQUIRE(before.held.size() == 1);
  CHECK(before.held[0].event.environment == Lines{"N=2"});
  auto lines = story(before, {"halt", {}});
  CHECK(std::ranges::contains(lines, "goal svc 1 stop"));
  CHECK(world.state("svc", "1") == "start/spawned"); // nothing has happened
}

TEST_CASE("as JSON a step has the members that mean something") {
  auto json =
      nlohmann::json::parse(as_json(simulate(situation({{"svc", "start on go\nexec svc x"}}), {"go", {"K=v"}})));
  CHECK(json[0] == nlohmann::json{{"kind", "event"}, {"name", "go"}, {"env", {"K=v"}}});
  CHECK(json[1] == nlohmann::json{{"kind", "goal"}, {"job", "svc"}, {"instance", ""}, {"name", "start"}});
}
