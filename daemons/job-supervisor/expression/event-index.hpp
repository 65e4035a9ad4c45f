// From an event to the expression leaves that match it. Each leaf is filed under its event's name and, where it has
// one, its first literal argument, so that finding costs by the leaves that (nearly) match, not by all there are.
//
// A leaf belongs to a subscriber: `start on` of a class or `stop on` of an instance.
#pragma once

#include "daemons/job-supervisor/language/model/event-expression.hpp"
#include "protocol/environment.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace upstart::supervisor {

// Expands the references in the patterns of an expression, where it has any. A leaf whose reference is unknown matches
// nothing, silently. Shares nothing with the original; costs nothing where there is no reference (returns the same
// pointer).
[[nodiscard]] std::shared_ptr<const EventExpression> expand_patterns(std::shared_ptr<const EventExpression> expression,
                                                                     const protocol::Environment& environment);

// Does this leaf, its references already expanded, match?
[[nodiscard]] bool matches(const ExpressionNode& leaf, std::string_view event,
                           const protocol::Environment& environment);

class EventIndex {
public:
  struct Leaf {
    void* subscriber = nullptr;
    std::uint32_t node = 0; // index in the subscriber's expression
    const ExpressionNode* match = nullptr;
  };

  // The expression must live until it is removed with the same subscriber.
  void add(void* subscriber, const EventExpression& expression);
  void remove(void* subscriber, const EventExpression& expression);

  // Every leaf that matches, in no particular order.
  [[nodiscard]] std::vector<Leaf> find(const std::string& event, const protocol::Environment& environment) const;
  [[nodiscard]] bool wants(const std::string& event) const { return names_.contains(event); }
  // Every leaf of that event name, whatever its arguments.
  [[nodiscard]] std::vector<Leaf> of_event(const std::string& event) const;

  // Event names that came and went since the last call; a name is in at most one list.
  struct NameChanges {
    std::vector<std::string> added, removed;
  };
  [[nodiscard]] NameChanges take_name_changes();

private:
  // Those that are filed under the same. What came together mostly goes together and in that order, as instances do
  // that one event starts and another stops: so one that goes is looked for near the one that went last.
  struct Leaves {
    std::vector<Leaf> all;
    std::size_t near = 0;
    // Whether it was there.
    bool remove(const void* subscriber, std::uint32_t node);

  private:
    bool remove_at(std::size_t place);
  };
  struct OfName {
    std::size_t count = 0;
    Leaves general; // no literal argument
    std::map<std::string, std::unordered_map<std::string, Leaves>, std::less<>> by_key;
    std::map<std::size_t, std::unordered_map<std::string, Leaves>> by_position;
  };
  Leaves& place(OfName& name, const ExpressionNode& leaf);

  std::unordered_map<std::string, OfName> names_;
  std::map<std::string, bool> name_changes_; // true: added, false: removed
};

} // namespace upstart::supervisor
