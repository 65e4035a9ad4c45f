#include "clients/initctl/graph/job-graph.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace upstart::client;

namespace {

ClassDetails job(std::string name, std::vector<std::vector<std::string>> start_on) {
  ClassDetails details;
  details.name = std::move(name);
  details.start_on = std::move(start_on);
  return details;
}

// web: a and (b or started db) and c
std::vector<ClassDetails> web() {
  return {job("web", {{"a"}, {"b"}, {"started", "db"}, {"/OR"}, {"/AND"}, {"c"}, {"/AND"}})};
}

} // namespace

TEST_CASE("an and is a square, an or a diamond, and operators of a kind that follow each other are one") {
  auto graph = graph_of(web(), {}, {});
  REQUIRE(graph.operators.size() == 2);
  CHECK(graph.operators[0].is_and);
  CHECK_FALSE(graph.operators[1].is_and);
  CHECK(graph.operators[1].through == graph.operators[0].name);
  auto dot = to_dot(graph);
  CHECK(dot.contains("\"condition start web 1\" [shape=square label=\"and\""));
  CHECK(dot.contains("\"condition start web 2\" [shape=diamond label=\"or\""));
  CHECK(dot.contains("\"condition start web 1\" -> \"job web\" [color=forestgreen]"));
  CHECK(dot.contains("\"condition start web 2\" -> \"condition start web 1\""));
  for (const auto* operand : {"\"event a\" -> \"condition start web 1\"", "\"event c\" -> \"condition start web 1\"",
                              "\"event b\" -> \"condition start web 2\"", "\"job db\" -> \"condition start web 2\""})
    CHECK(dot.contains(operand));
}

TEST_CASE("a job that is not loaded is hollow, and states are colours") {
  std::vector<InstanceStatus> statuses{{.job = "web", .instance = "", .goal = "start", .state = "running"},
                                       {.job = "slow", .instance = "", .goal = "start", .state = "pre-start"},
                                       {.job = "tty", .instance = "1", .state = "running"},
                                       {.job = "tty", .instance = "2", .state = "running"}};
  auto classes = web();
  for (const auto* name : {"slow", "tty", "off"}) classes.push_back(job(name, {}));
  auto graph = graph_of(classes, statuses, {});
  auto dot = to_dot(graph);
  CHECK(dot.contains("\"job db\" [shape=box style=dashed"));
  CHECK(dot.contains("\"job web\" [shape=box style=filled fillcolor=palegreen label=\"web\\nrunning\"]"));
  CHECK(dot.contains("\"job slow\" [shape=box style=filled fillcolor=khaki1 label=\"slow\\npre-start\"]"));
  CHECK(dot.contains("\"job tty\" [shape=box style=filled fillcolor=palegreen label=\"tty\\n2 running\"]"));
  CHECK(dot.contains("\"job off\" [shape=box style=filled fillcolor=white label=\"off\"]"));
  auto json = to_json(graph);
  CHECK(json["missing"] == Json::array({"db"}));
  CHECK(json["states"]["tty"] == "2 running");
}

TEST_CASE("jobs that have failed or are disabled have colours of their own, as in a list") {
  auto classes = web();
  classes.push_back(job("off", {}));
  auto graph = graph_of(classes, {}, {});
  mark_conditions(graph, rows_of({{.name = "off", .is_manual = true},
                                  {.name = "web", .failures = {{.instance = "", .time = 5, .text = "no"}}}},
                                 ProcessTable{{}}));
  auto dot = to_dot(graph);
  CHECK(dot.contains("\"job web\" [shape=box style=filled fillcolor=lightcoral label=\"web\\nfailed\"]"));
  CHECK(dot.contains("\"job off\" [shape=box style=filled fillcolor=gray85 label=\"off\\ndisabled\"]"));
  CHECK(to_json(graph)["failed"] == Json::array({"web"}));
  CHECK(to_json(graph)["states"]["web"] == "waiting");
}

TEST_CASE("with a job only what touches it is drawn, its condition whole") {
  auto classes = web();
  classes.push_back(job("other", {{"x"}, {"y"}, {"/AND"}}));
  auto dot = to_dot(graph_of(classes, {}, {"web"}));
  CHECK(dot.contains("event a"));
  CHECK_FALSE(dot.contains("event x"));
  CHECK_FALSE(dot.contains("other"));
}
