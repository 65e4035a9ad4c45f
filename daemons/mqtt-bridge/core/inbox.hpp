// The events that come from other nodes, on their way to the event broker of this machine: each is emitted once, in the
// order of its node, with NODE= after its own variables. A node that sends faster than `rate` has its events wait here,
// on disk, and the others are not held up; one that has too many waiting has further ones refused. Whoever may publish
// events can say that they are of any node, and of another one each time: so all nodes together have a rate, too; over
// it the events of all wait, and the nodes take turns. So they do while the event broker is behind, as on a machine
// that is slower than these rates: what it has not accepted yet is a queue without turns, and stays short. Pure.
//
// Invariant: what happens to an event (its id is seen; it is emitted, or waits) is one change of the memory.
#pragma once

#include "daemons/mqtt-bridge/core/seen-ids.hpp"
#include "daemons/mqtt-bridge/messages/messages.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <string>

namespace upstart::mqtt_bridge {

using Monotonic = std::chrono::milliseconds; // since a moment that stays the same while the process lives

struct InboxLimits {
  double rate = 1000;        // events a second, of one node
  double burst = 2000;       // events at a time
  double rate_in_all = 5000; // the same, of all nodes
  double burst_in_all = 10'000;
  std::size_t most_not_accepted = 500;   // events that the event broker does not have yet
  std::size_t most_waiting = 16U << 20U; // bytes of events of one node
  std::size_t most_in_all = 64U << 20U;  // bytes of events of all nodes
  std::size_t most_idle_nodes = 1000;    // whose pace is known
};

class Inbox {
public:
  enum class Taken { emitted, waits, seen_before };

  Inbox(bridge::Memory& memory, const SeenIds::Records& records, InboxLimits limits);

  // `topic` is that of the message. The error says why the event is refused, for the log.
  [[nodiscard]] std::expected<Taken, std::string> take(const EventMessage& event, std::string_view topic, Seconds now,
                                                       Monotonic clock);
  // Emits what may be emitted by now.
  void time_reached(Monotonic clock);
  void forget_old(Seconds now) { seen_.forget_old(now); }
  // When there is something to emit; nothing while none waits.
  [[nodiscard]] std::optional<Monotonic> due(Monotonic clock) const;
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
  struct Waiting {
    std::uint64_t number = 0;
    std::string name;
    protocol::Environment environment;
    [[nodiscard]] std::size_t bytes() const;
  };
  struct Lane { // of one node
    double tokens = 0;
    Monotonic last{};
    std::deque<Waiting> events{};
    std::size_t bytes = 0;
  };

  Lane& lane_of(const std::string& node, Monotonic clock);
  void refill(Lane& lane, Monotonic clock) const;
  void refill_all(Monotonic clock);
  [[nodiscard]] bool may_emit() const;
  [[nodiscard]] std::optional<std::string> no_room(const Lane& lane, const std::string& node, std::size_t bytes) const;
  void emit_of(Lane& lane);
  void wait(Lane& lane, const std::string& node, Waiting waiting);
  void load(const SeenIds::Records& records);
  void drop_idle_lanes(Monotonic clock);

  bridge::Memory& memory_;
  SeenIds seen_;
  InboxLimits limits_;
  std::map<std::string, Lane> lanes_; // by node
  std::size_t look_for_idle_at_;      // so many lanes
  double tokens_in_all_;
  Monotonic last_refill_{};
  bool turns_ = false;    // what waits goes first, and the nodes take turns
  std::string next_turn_; // the node whose turn is next
  std::uint64_t last_number_ = 0;
  std::size_t waiting_ = 0, bytes_ = 0;
  std::uint64_t refused_ = 0;
};

} // namespace upstart::mqtt_bridge
