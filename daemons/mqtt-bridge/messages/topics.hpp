// The topics of a fleet, made and taken apart: "upstart/FLEET/" and, below it, events/NAME, nodes/NODE/state and so on.
// The name of an event or job is one level: bytes that would be more than that stand as "%" and two hex digits. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::mqtt_bridge {

[[nodiscard]] std::string topic_level(std::string_view name);
// Nothing where it is not such a level.
[[nodiscard]] std::optional<std::string> name_of_topic_level(std::string_view level);

struct Topic {
  enum class Kind : std::uint8_t { event, node_event, state, job, call, reply };
  Kind kind;
  std::string node;                    // whose it is; empty: an event for all
  std::string name;                    // of the event or job
  std::optional<std::string> instance; // of a job, where it has a name
  std::string asker;                   // whom a reply is for; empty: whoever reads it
  friend bool operator==(const Topic&, const Topic&) = default;
};

class Topics {
public:
  explicit Topics(std::string_view fleet) : prefix_{"upstart/" + std::string{fleet} + "/"} {}

  [[nodiscard]] std::string event(std::string_view name) const { return prefix_ + "events/" + topic_level(name); }
  [[nodiscard]] std::string node_event(std::string_view node, std::string_view name) const {
    return of_node(node) + "events/" + topic_level(name);
  }
  [[nodiscard]] std::string all_events() const { return prefix_ + "events/+"; }
  // `node` may be "+" in these, for a subscription.
  [[nodiscard]] std::string node_events(std::string_view node) const { return of_node(node) + "events/+"; }
  [[nodiscard]] std::string state(std::string_view node) const { return of_node(node) + "state"; }
  [[nodiscard]] std::string job(std::string_view node, std::string_view job, std::string_view instance) const;
  [[nodiscard]] std::string call(std::string_view node) const { return of_node(node) + "call"; }
  // Written by the node that was asked, read by the one that asks: access lists tell both apart.
  [[nodiscard]] std::string reply(std::string_view node, std::string_view asker) const {
    return of_node(node) + "reply/" + std::string{asker};
  }

  // Nothing where it is none of this fleet.
  [[nodiscard]] std::optional<Topic> parse(std::string_view topic) const;

private:
  [[nodiscard]] std::string of_node(std::string_view node) const {
    return prefix_ + "nodes/" + std::string{node} + "/";
  }

  std::string prefix_;
};

} // namespace upstart::mqtt_bridge
