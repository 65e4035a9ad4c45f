#include "daemons/job-supervisor/expression/event-index.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>

using namespace upstart::supervisor;
using upstart::protocol::Environment;

namespace {

ExpressionNode leaf(std::string event, std::vector<EventArgument> arguments = {}) {
  return {.event = std::move(event), .arguments = std::move(arguments)};
}
EventArgument key(std::string name, std::string pattern) {
  return {.key = std::move(name), .pattern = std::move(pattern)};
}
EventArgument key_not(std::string name, std::string pattern) {
  return {.key = std::move(name), .negated = true, .pattern = std::move(pattern)};
}
EventArgument positional(std::string pattern) { return {.key = {}, .pattern = std::move(pattern)}; }

} // namespace

TEST_CASE("a leaf matches by name, then argument by argument") {
  Environment env{{"JOB=svc", "RUNLEVEL=3", "EMPTY="}};
  struct Row {
    ExpressionNode leaf;
    bool match;
  };
  for (const auto& [node, match] :
       std::vector<Row>{{leaf("e"), true},
                        {leaf("f"), false},
                        {leaf("e", {key("JOB", "svc")}), true},
                        {leaf("e", {key("JOB", "other")}), false},
                        {leaf("e", {key("NOSUCH", "*")}), false},
                        {leaf("e", {key_not("JOB", "other")}), true},
                        {leaf("e", {key_not("JOB", "svc")}), false},
                        {leaf("e", {key_not("NOSUCH", "x")}), false},
                        {leaf("e", {key("RUNLEVEL", "[2345]")}), true},
                        {leaf("e", {key("RUNLEVEL", "[!2345]")}), false},
                        {leaf("e", {key("EMPTY", "?*")}), false},
                        {leaf("e", {key("EMPTY", "")}), true},
                        {leaf("e", {positional("svc")}), true},
                        {leaf("e", {positional("svc"), positional("3")}), true},
                        {leaf("e", {positional("svc"), key("RUNLEVEL", "3")}), true},
                        {leaf("e", {positional("*"), positional("*"), positional("*"), positional("*")}), false}}) {
    CAPTURE(node.arguments.size());
    CHECK(matches(node, "e", env) == match);
  }
}

TEST_CASE("the notation of a time is compared as it is, although it looks like a pattern") {
  EventIndex index;
  int every_minute = 0, hourly = 0;
  const EventExpression of_every_minute{.nodes = {leaf("timer", {key("CRON", "* * * * *")})}};
  const EventExpression of_hours{.nodes = {leaf("timer", {key("CRON", "0 * * * *")})}};
  index.add(&every_minute, of_every_minute);
  index.add(&hourly, of_hours);
  const auto found = index.find("timer", Environment{{"CRON=0 * * * *", "TIME=x", "MISSED=0"}});
  REQUIRE(found.size() == 1);
  CHECK(found[0].subscriber == &hourly);
}

TEST_CASE("the index finds what matching one by one would find") {
  EventIndex index;
  std::vector<EventExpression> expressions;
  for (int i = 0; i < 50; ++i)
    expressions.push_back({{leaf(
        "started", {i % 3 == 0 ? positional("job" + std::to_string(i)) : key("JOB", "job" + std::to_string(i % 7))})}});
  expressions.push_back({{leaf("started", {positional("job*")})}});
  expressions.push_back({{leaf("started", {positional("*"), positional("x")})}});
  expressions.push_back({{leaf("started")}});
  for (auto& expression : expressions) index.add(&expression, expression);
  for (int i = 0; i < 50; ++i) {
    Environment env{{"JOB=job" + std::to_string(i), "INSTANCE=x"}};
    std::vector<const void*> one_by_one, found;
    for (auto& expression : expressions)
      if (matches(expression.nodes[0], "started", env)) one_by_one.push_back(&expression);
    for (const auto& hit : index.find("started", env)) found.push_back(hit.subscriber);
    std::ranges::sort(one_by_one);
    std::ranges::sort(found);
    CHECK(found == one_by_one);
  }
  CHECK(index.of_event("started").size() == expressions.size());
}

TEST_CASE("whoever goes is not found any more, in whatever order they go, and all others are") {
  constexpr std::size_t count = 40;
  std::vector<std::size_t> forward(count);
  std::iota(forward.begin(), forward.end(), 0);
  std::vector<std::size_t> backward{forward.rbegin(), forward.rend()}, mixed{forward};
  std::ranges::shuffle(mixed, std::minstd_rand{1});
  for (const auto& order : {forward, backward, mixed}) {
    std::vector<EventExpression> expressions(count, {{leaf("stopping", {key("JOB", "db")}), leaf("stopping")}});
    EventIndex index;
    std::vector<const void*> there;
    for (auto& expression : expressions) {
      index.add(&expression, expression);
      there.push_back(&expression);
    }
    for (auto place : order) {
      index.remove(&expressions[place], expressions[place]);
      std::erase(there, &expressions[place]);
      std::vector<const void*> found;
      for (const auto& hit : index.find("stopping", Environment{{"JOB=db"}})) found.push_back(hit.subscriber);
      REQUIRE(found.size() == 2 * there.size());
      for (const auto* one : there) REQUIRE(std::ranges::count(found, one) == 2);
    }
    CHECK_FALSE(index.wants("stopping"));
  }
}

TEST_CASE("the index reports event names as they are added and removed") {
  EventIndex index;
  EventExpression first{{leaf("a"), leaf("b"), {.kind = ExpressionNode::Kind::all_of, .left = 0}}};
  EventExpression second{{leaf("b")}};
  index.add(&first, first);
  index.add(&second, second);
  CHECK(index.take_name_changes().added == std::vector<std::string>{"a", "b"});
  index.remove(&first, first);
  CHECK(index.wants("b"));
  CHECK_FALSE(index.wants("a"));
  auto changes = index.take_name_changes();
  CHECK(changes.removed == std::vector<std::string>{"a"});
  CHECK(changes.added.empty());
  index.remove(&second, second);
  index.add(&second, second);
  CHECK(index.take_name_changes().added.empty());
}

TEST_CASE("references are expanded; an unknown one makes the leaf match nothing") {
  auto plain = std::make_shared<const EventExpression>(EventExpression{{leaf("e", {key("K", "v")})}});
  CHECK(expand_patterns(plain, Environment{}) == plain);
  auto with_reference = std::make_shared<const EventExpression>(EventExpression{{leaf("e", {key("K", "$V")})}});
  CHECK(expand_patterns(with_reference, Environment{{"V=x*"}})->nodes[0].arguments[0].pattern == "x*");
  EventIndex index;
  auto unknown = expand_patterns(with_reference, Environment{});
  index.add(&index, *unknown);
  CHECK_FALSE(index.wants("e"));
}
