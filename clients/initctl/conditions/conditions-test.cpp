#include "clients/initctl/conditions/conditions.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <ranges>
#include <set>

using namespace upstart::client;
using Words = std::vector<std::string>;

namespace {

const Words all_of{"/AND"};
const Words any_of{"/OR"};

// The names of the unreachable events when only these can come.
Words unreachable(const Postfix& postfix, const std::set<std::string>& possible, bool all = false) {
  auto tree = tree_of(postfix);
  Words names;
  for (const auto* event :
       unreachable_events(*tree, all, [&](const Condition& e) { return possible.contains(e.event); }))
    names.push_back(event->event);
  return names;
}

} // namespace

TEST_CASE("postfix becomes what people write") {
  CHECK(written(*tree_of({{"a", "x", "K=v w"}})) == "a x K=v w");
  CHECK(written(*tree_of({{"a"}, {"b"}, any_of, {"c"}, all_of})) == "((a or b) and c)");
  CHECK(written(*tree_of({{"a"}, {"b"}, {"c"}, all_of, any_of})) == "(a or (b and c))");
}

TEST_CASE("what is no expression has no tree") {
  CHECK_FALSE(tree_of({}));
  CHECK_FALSE(tree_of({{"a"}, all_of}));
  CHECK_FALSE(tree_of({{"a"}, {"b"}}));
  CHECK_FALSE(tree_of({{}}));
}

TEST_CASE("an enumerated event has its job apart: a positional one is taken out, JOB= stays") {
  CHECK(enumerated(*tree_of({{"started", "svc", "K=v"}})) == "started (job: svc, env: K=v)");
  CHECK(enumerated(*tree_of({{"stopping", "JOB=svc"}})) == "stopping (job: svc, env: JOB=svc)");
  CHECK(enumerated(*tree_of({{"runlevel", "[!2345]"}})) == "runlevel (job:, env: [!2345])");
  CHECK(enumerated(*tree_of({{"started"}})) == "started (job:, env:)");
}

TEST_CASE("an or with one possible side hurts nobody, an and needs both") {
  CHECK(unreachable({{"a"}}, {}) == Words{"a"});
  CHECK(unreachable({{"a"}, {"b"}, any_of}, {"a"}) == Words{});
  CHECK(unreachable({{"a"}, {"b"}, any_of}, {}) == Words{"b", "a"});
  CHECK(unreachable({{"a"}, {"b"}, all_of}, {"a"}) == Words{"b"});
}

TEST_CASE("an and that fails is reported even beneath an or that does not") {
  CHECK(unreachable({{"a"}, {"b"}, {"c"}, all_of, any_of}, {"a", "c"}) == Words{"b"});
}

TEST_CASE("with all, every unknown event is reported") {
  CHECK(unreachable({{"a"}, {"b"}, any_of}, {"a"}, true) == Words{"b"});
}
