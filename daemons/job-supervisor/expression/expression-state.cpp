#include "daemons/job-supervisor/expression/expression-state.hpp"

#include <algorithm>

namespace upstart::supervisor {

using Kind = ExpressionNode::Kind;

namespace {
std::uint32_t root(const EventExpression& expression) {
  return static_cast<std::uint32_t>(expression.nodes.size()) - 1;
}

// The value of every node up to the last; postfix order makes one pass enough, however deep the tree.
std::vector<bool> values(const EventExpression& expression, const std::vector<EventId>& held) {
  std::vector<bool> result(expression.nodes.size());
  for (std::uint32_t i = 0; i < expression.nodes.size(); ++i) {
    const auto& node = expression.nodes[i];
    if (node.kind == Kind::match) result[i] = i < held.size() && held[i] != no_event;
    else if (node.kind == Kind::all_of) result[i] = result[node.left] && result[i - 1];
    else result[i] = result[node.left] || result[i - 1];
  }
  return result;
}
} // namespace

bool ExpressionState::offer(const EventExpression& expression, std::uint32_t leaf, EventId event) {
  auto& held = held_.edit();
  held.resize(expression.nodes.size());
  if (held[leaf] != no_event) return false;
  held[leaf] = event;
  return true;
}

bool ExpressionState::is_true(const EventExpression& expression) const {
  return !empty() && !expression.empty() && values(expression, *held_).back();
}

std::vector<EventId> ExpressionState::events_that_made_it_true(const EventExpression& expression) const {
  std::vector<EventId> events;
  if (!is_true(expression)) return events;
  const auto& held = *held_;
  auto value = values(expression, held);
  // From the root down, only through true nodes; the right operand is looked at first and the result turned round.
  std::vector<std::uint32_t> open{root(expression)};
  while (!open.empty()) {
    auto at = open.back();
    open.pop_back();
    if (!value[at]) continue;
    const auto& node = expression.nodes[at];
    if (node.kind != Kind::match) {
      open.push_back(node.left);
      open.push_back(at - 1);
    } else {
      events.push_back(held[at]);
    }
  }
  std::ranges::reverse(events);
  return events;
}

std::vector<EventId> ExpressionState::reset() {
  std::vector<EventId> events;
  for (auto event : *held_)
    if (event != no_event) events.push_back(event);
  held_.reset();
  return events;
}

} // namespace upstart::supervisor
