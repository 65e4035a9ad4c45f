#include "daemons/job-supervisor/expression/expression-state.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;
using Kind = ExpressionNode::Kind;

namespace {
ExpressionNode leaf(std::string event) { return {.event = std::move(event)}; }
ExpressionNode both(std::uint32_t left) { return {.kind = Kind::all_of, .left = left}; }
ExpressionNode either(std::uint32_t left) { return {.kind = Kind::any_of, .left = left}; }
EventId event() {
  static EventId last = 0;
  return ++last;
}
} // namespace

TEST_CASE("an and becomes true with its second event, and tells both in the order of the expression") {
  EventExpression a_and_b{{leaf("a"), leaf("b"), both(0)}};
  ExpressionState state;
  auto a = event(), b = event();
  CHECK(state.offer(a_and_b, 1, b));
  CHECK_FALSE(state.is_true(a_and_b));
  CHECK(state.offer(a_and_b, 0, a));
  CHECK(state.is_true(a_and_b));
  CHECK(state.events_that_made_it_true(a_and_b) == std::vector{a, b});
}

TEST_CASE("a second event does not replace the first") {
  EventExpression a_and_b{{leaf("a"), leaf("b"), both(0)}};
  ExpressionState state;
  auto first = event();
  CHECK(state.offer(a_and_b, 0, first));
  CHECK_FALSE(state.offer(a_and_b, 0, event()));
  CHECK(state.held_by(0) == first);
}

TEST_CASE("only the true side counts, but a reset releases all") {
  // (a and b) or c
  EventExpression expression{{leaf("a"), leaf("b"), both(0), leaf("c"), either(2)}};
  ExpressionState state;
  auto a = event(), c = event();
  state.offer(expression, 0, a);
  state.offer(expression, 3, c);
  CHECK(state.events_that_made_it_true(expression) == std::vector{c});
  CHECK(state.reset() == std::vector{a, c});
  CHECK(state.empty());
  CHECK_FALSE(state.is_true(expression));
}

TEST_CASE("one event that satisfies two leaves counts for each") {
  EventExpression expression{{leaf("a"), leaf("a"), both(0)}};
  ExpressionState state;
  auto a = event();
  state.offer(expression, 0, a);
  state.offer(expression, 1, a);
  CHECK(state.events_that_made_it_true(expression) == std::vector{a, a});
}

TEST_CASE("an expression of a hundred thousand nodes needs no deep stack") {
  EventExpression deep{{leaf("e0")}};
  ExpressionState state;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    deep.nodes.push_back(leaf("e"));
    deep.nodes.push_back(both(static_cast<std::uint32_t>(deep.nodes.size()) - 2));
  }
  auto a = event();
  for (std::uint32_t i = 0; i < deep.nodes.size(); ++i)
    if (deep.nodes[i].kind == Kind::match) state.offer(deep, i, a);
  CHECK(state.events_that_made_it_true(deep).size() == 50'001);
}
