#include "daemons/mqtt-bridge/core/inbox.hpp"

#include "daemons/base/bytes.hpp"

#include <algorithm>
#include <format>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::string_view of_waiting = "wait/";

std::string key_of(std::uint64_t number) { return std::format("{}{:020}", of_waiting, number); }

protocol::Environment with_node(const EventMessage& event) {
  protocol::Environment environment{event.env};
  environment.unset("NODE");
  environment.set("NODE", event.node);
  return environment;
}

} // namespace

std::size_t Inbox::Waiting::bytes() const {
  constexpr std::size_t of_each = 200;
  std::size_t sum = of_each + name.size();
  for (const auto& entry : environment.strings()) sum += entry.size();
  return sum;
}

Inbox::Inbox(bridge::Memory& memory, const SeenIds::Records& records, InboxLimits limits)
    : memory_{memory},
      seen_{memory, records},
      limits_{limits},
      look_for_idle_at_{limits.most_idle_nodes},
      tokens_in_all_{limits.burst_in_all} {
  load(records);
}

void Inbox::load(const SeenIds::Records& records) {
  for (auto record = records.lower_bound(of_waiting); record != records.end() && record->first.starts_with(of_waiting);
       ++record) {
    base::ByteReader reader{record->second};
    Waiting waiting{.number = reader.number(), .name = {}, .environment = {}};
    auto node = reader.text();
    waiting.name = reader.text();
    waiting.environment = protocol::Environment{reader.texts()};
    if (!reader.outcome()) continue;
    last_number_ = std::max(last_number_, waiting.number);
    auto& lane = lanes_[node];
    lane.bytes += waiting.bytes();
    bytes_ += waiting.bytes();
    ++waiting_;
    lane.events.push_back(std::move(waiting));
  }
}

void Inbox::refill(Lane& lane, Monotonic clock) const {
  auto passed = std::chrono::duration<double>(clock - lane.last).count();
  lane.tokens = std::min(limits_.burst, lane.tokens + passed * limits_.rate);
  lane.last = clock;
}

void Inbox::refill_all(Monotonic clock) {
  auto passed = std::chrono::duration<double>(clock - last_refill_).count();
  tokens_in_all_ = std::min(limits_.burst_in_all, tokens_in_all_ + passed * limits_.rate_in_all);
  last_refill_ = clock;
}

Inbox::Lane& Inbox::lane_of(const std::string& node, Monotonic clock) {
  if (auto known = lanes_.find(node); known != lanes_.end()) {
    refill(known->second, clock);
    return known->second;
  }
  if (lanes_.size() >= look_for_idle_at_) drop_idle_lanes(clock);
  auto& lane = lanes_[node];
  lane.tokens = limits_.burst;
  lane.last = clock;
  return lane;
}

// One with all its tokens is like one that is not known. Looked for again when there are twice as many as stay, so that
// a flood of names costs little each.
void Inbox::drop_idle_lanes(Monotonic clock) {
  std::erase_if(lanes_, [&](auto& entry) {
    refill(entry.second, clock);
    return entry.second.events.empty() && entry.second.tokens >= limits_.burst;
  });
  look_for_idle_at_ = std::max(limits_.most_idle_nodes, 2 * lanes_.size());
}

// Whatever the node.
bool Inbox::may_emit() const { return tokens_in_all_ >= 1 && memory_.not_accepted() < limits_.most_not_accepted; }

std::optional<std::string> Inbox::no_room(const Lane& lane, const std::string& node, std::size_t bytes) const {
  if (lane.bytes + bytes > limits_.most_waiting)
    return std::format(
        "node {} sends faster than {} events a second, and {} of its events wait already, the most that may be", node,
        static_cast<int>(limits_.rate), lane.events.size());
  if (bytes_ + bytes > limits_.most_in_all)
    return std::format("the nodes together send faster than {} events a second, or some faster than {}, and {} events "
                       "wait already, the most that may be",
                       static_cast<int>(limits_.rate_in_all), static_cast<int>(limits_.rate), waiting_);
  return std::nullopt;
}

std::expected<Inbox::Taken, std::string> Inbox::take(const EventMessage& event, std::string_view topic, Seconds now,
                                                     Monotonic clock) {
  auto& lane = lane_of(event.node, clock);
  refill_all(clock);
  turns_ = (turns_ && waiting_ > 0) || !may_emit();
  Waiting waiting{.number = 0, .name = event.name, .environment = with_node(event)};
  bool must_wait = turns_ || !lane.events.empty() || lane.tokens < 1;
  if (must_wait)
    if (auto why = no_room(lane, event.node, waiting.bytes())) {
      ++refused_;
      return std::unexpected(*why);
    }
  if (!seen_.take(event.id, event.node, topic, now)) return Taken::seen_before;
  if (must_wait) {
    wait(lane, event.node, std::move(waiting));
    return Taken::waits;
  }
  lane.tokens -= 1;
  tokens_in_all_ -= 1;
  memory_.emit(std::move(waiting.name), std::move(waiting.environment));
  return Taken::emitted;
}

void Inbox::wait(Lane& lane, const std::string& node, Waiting waiting) {
  waiting.number = ++last_number_;
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.number(waiting.number);
  writer.text(node);
  writer.text(waiting.name);
  writer.texts(waiting.environment.strings());
  memory_.put(key_of(waiting.number), std::move(bytes));
  lane.bytes += waiting.bytes();
  bytes_ += waiting.bytes();
  ++waiting_;
  lane.events.push_back(std::move(waiting));
}

void Inbox::emit_of(Lane& lane) {
  for (; !lane.events.empty() && lane.tokens >= 1 && may_emit(); lane.tokens -= 1, tokens_in_all_ -= 1) {
    auto& first = lane.events.front();
    lane.bytes -= first.bytes();
    bytes_ -= first.bytes();
    --waiting_;
    memory_.erase(key_of(first.number));
    memory_.emit(std::move(first.name), std::move(first.environment));
    lane.events.pop_front();
  }
}

void Inbox::time_reached(Monotonic clock) {
  refill_all(clock);
  auto lane = lanes_.lower_bound(next_turn_);
  for (auto left = lanes_.size(); left > 0 && waiting_ > 0 && may_emit(); --left, ++lane) {
    if (lane == lanes_.end()) lane = lanes_.begin();
    if (lane->second.events.empty()) continue;
    refill(lane->second, clock);
    emit_of(lane->second);
    next_turn_ = lane->first + '\0'; // the one behind it
  }
  turns_ = !may_emit();
}

std::optional<Monotonic> Inbox::due(Monotonic clock) const {
  constexpr Monotonic batch{50}; // events that fall due meanwhile are one wake-up
  if (waiting_ == 0) return std::nullopt;
  return clock + batch;
}

} // namespace upstart::mqtt_bridge
