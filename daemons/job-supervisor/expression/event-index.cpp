#include "daemons/job-supervisor/expression/event-index.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"
#include "protocol/bridges.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace upstart::supervisor {

namespace {

// An event name that no event can have: what a leaf with an unknown reference is turned into.
const std::string never{"\0", 1};

bool has_reference(const ExpressionNode& node) {
  return std::ranges::any_of(node.arguments,
                             [](const EventArgument& argument) { return argument.pattern.contains('$'); });
}

bool is_literal(std::string_view pattern) { return pattern.find_first_of("*?[\\") == std::string_view::npos; }

bool is_literal(const ExpressionNode& leaf, const EventArgument& argument) {
  return is_literal(argument.pattern) || (argument.key && protocol::is_no_pattern(leaf.event, *argument.key));
}

bool matches_pattern(const ExpressionNode& leaf, const EventArgument& argument, std::string_view value) {
  bool equal = is_literal(leaf, argument) ? argument.pattern == value
                                          : ::fnmatch(argument.pattern.c_str(), std::string{value}.c_str(), 0) == 0;
  return equal != argument.negated;
}

void expand_node(ExpressionNode& node, const protocol::Environment& environment) {
  for (auto& argument : node.arguments) {
    auto expanded = expand(argument.pattern, environment);
    if (!expanded) {
      node.event = never;
      node.arguments.clear();
      return;
    }
    argument.pattern = std::move(*expanded);
  }
}

} // namespace

std::shared_ptr<const EventExpression> expand_patterns(std::shared_ptr<const EventExpression> expression,
                                                       const protocol::Environment& environment) {
  if (!std::ranges::any_of(expression->nodes, has_reference)) return expression;
  auto expanded = std::make_shared<EventExpression>(*expression);
  for (auto& node : expanded->nodes)
    if (has_reference(node)) expand_node(node, environment);
  return expanded;
}

bool matches(const ExpressionNode& leaf, std::string_view event, const protocol::Environment& environment) {
  if (leaf.event != event) return false;
  std::size_t position = 0;
  for (const auto& argument : leaf.arguments) {
    if (argument.key) {
      auto value = environment.get(*argument.key);
      if (!value || !matches_pattern(leaf, argument, *value)) return false;
    } else {
      if (position >= environment.size()) return false;
      if (!matches_pattern(leaf, argument, protocol::value_of(environment.strings()[position++]))) return false;
    }
  }
  return true;
}

EventIndex::Leaves& EventIndex::place(OfName& name, const ExpressionNode& leaf) {
  std::size_t position = 0;
  for (const auto& argument : leaf.arguments) {
    if (!argument.negated && is_literal(leaf, argument))
      return argument.key ? name.by_key[*argument.key][argument.pattern] : name.by_position[position][argument.pattern];
    if (!argument.key) ++position;
  }
  return name.general;
}

bool EventIndex::Leaves::remove(const void* subscriber, std::uint32_t node) {
  auto is_it = [&](std::size_t i) { return all[i].subscriber == subscriber && all[i].node == node; };
  std::size_t up = std::min(near, all.size()), down = up;
  while (up < all.size() || down > 0) {
    if (up < all.size() && is_it(up++)) return remove_at(up - 1);
    if (down > 0 && is_it(--down)) return remove_at(down);
  }
  return false;
}

// The next one that goes may have taken its place, or stand behind it.
bool EventIndex::Leaves::remove_at(std::size_t place) {
  all[place] = all.back();
  all.pop_back();
  near = place;
  return true;
}

void EventIndex::add(void* subscriber, const EventExpression& expression) {
  for (std::uint32_t i = 0; i < expression.nodes.size(); ++i) {
    const auto& node = expression.nodes[i];
    if (node.kind != ExpressionNode::Kind::match || node.event == never) continue;
    auto [entry, fresh] = names_.try_emplace(node.event);
    if (fresh)
      if (auto [change, first] = name_changes_.try_emplace(node.event, true); !first) name_changes_.erase(change);
    ++entry->second.count;
    place(entry->second, node).all.push_back({subscriber, i, &node});
  }
}

void EventIndex::remove(void* subscriber, const EventExpression& expression) {
  for (std::uint32_t i = 0; i < expression.nodes.size(); ++i) {
    const auto& node = expression.nodes[i];
    auto entry = names_.find(node.event);
    if (node.kind != ExpressionNode::Kind::match || entry == names_.end()) continue;
    if (!place(entry->second, node).remove(subscriber, i)) continue;
    if (--entry->second.count > 0) continue;
    if (!name_changes_.erase(node.event)) name_changes_[node.event] = false;
    names_.erase(entry);
  }
}

std::vector<EventIndex::Leaf> EventIndex::find(const std::string& event,
                                               const protocol::Environment& environment) const {
  std::vector<Leaf> found;
  auto entry = names_.find(event);
  if (entry == names_.end()) return found;
  auto take = [&](const Leaves& leaves) {
    for (const auto& leaf : leaves.all)
      if (matches(*leaf.match, event, environment)) found.push_back(leaf);
  };
  auto take_value = [&](const auto& by_value, std::string_view value) {
    if (auto leaves = by_value.find(std::string{value}); leaves != by_value.end()) take(leaves->second);
  };
  const auto& name = entry->second;
  take(name.general);
  for (const auto& [key, by_value] : name.by_key)
    if (auto value = environment.get(key)) take_value(by_value, *value);
  for (const auto& [position, by_value] : name.by_position)
    if (position < environment.size()) take_value(by_value, protocol::value_of(environment.strings()[position]));
  return found;
}

std::vector<EventIndex::Leaf> EventIndex::of_event(const std::string& event) const {
  auto entry = names_.find(event);
  if (entry == names_.end()) return {};
  std::vector<Leaf> all = entry->second.general.all;
  auto take = [&](const auto& by_something) {
    for (const auto& [_, by_value] : by_something)
      for (const auto& [value, leaves] : by_value) all.insert(all.end(), leaves.all.begin(), leaves.all.end());
  };
  take(entry->second.by_key);
  take(entry->second.by_position);
  return all;
}

EventIndex::NameChanges EventIndex::take_name_changes() {
  NameChanges changes;
  for (const auto& [name, added] : name_changes_) (added ? changes.added : changes.removed).push_back(name);
  name_changes_.clear();
  return changes;
}

} // namespace upstart::supervisor
