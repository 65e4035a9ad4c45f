#include "daemons/bridge/conditions/variables.hpp"

#include <doctest/doctest.h>

using namespace upstart::bridge;
using Words = std::vector<std::string>;

namespace {

std::string faulty_variable(const Words& words, Patterns patterns = Patterns::refused) {
  auto variables = variables_of(words, patterns);
  return variables ? "" : variables.error().variable;
}

} // namespace

TEST_CASE("the arguments of a match are variables, in their order") {
  auto variables = variables_of(Words{"FILE=/a", "EVENT=create", "FILE=/a"}, Patterns::refused);
  REQUIRE(variables);
  CHECK(variables->strings() == Words{"FILE=/a", "EVENT=create"});
}

TEST_CASE("what names nothing that could be watched is refused, with its variable") {
  CHECK(faulty_variable({"create"}) == "create");
  CHECK(faulty_variable({"=create"}) == "=create");
  CHECK(faulty_variable({"EVENT!=create"}) == "EVENT");
  CHECK(faulty_variable({"FILE=$HOME/a"}) == "FILE");
  CHECK(faulty_variable({"FILE=/a", "FILE=/b"}) == "FILE");
}

TEST_CASE("a pattern is refused unless the bridge knows what to do with it") {
  for (const char* pattern : {"FILE=/a*", "FILE=/a?", "FILE=/[ab]"}) {
    CAPTURE(pattern);
    CHECK(faulty_variable({pattern}) == "FILE");
    CHECK(faulty_variable({pattern}, Patterns::allowed).empty());
  }
}

TEST_CASE("a fault is described with job, variable, event and what follows") {
  Match match{.event = "socket", .arguments = {"PROTO=inet"}, .starts = true};
  auto warning = describe({"PORT", "is missing"}, "web", match, "this socket is not served");
  CHECK(warning.text == "job web: PORT in its socket condition: is missing; this socket is not served");
  CHECK(warning.job == "web");
  CHECK(warning.match == match);
}
