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
    : memory_{memory}, seen_{memory, records}, limits_{limits} {
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

Inbox::Lane& Inbox::lane_of(const std::string& node, Monotonic clock) {
  auto [place, is_new] = lanes_.try_emplace(node);
  if (is_new) {
    place->second.tokens = limits_.burst;
    place->second.last = clock;
    if (lanes_.size() > limits_.most_nodes) drop_idle_lanes(clock);
    return lanes_[node];
  }
  refill(place->second, clock);
  return place->second;
}

// One with all its tokens is like one that is not known.
void Inbox::drop_idle_lanes(Monotonic clock) {
  std::erase_if(lanes_, [&](auto& entry) {
    refill(entry.second, clock);
    return entry.second.events.empty() && entry.second.tokens >= limits_.burst;
  });
}

std::expected<Inbox::Taken, std::string> Inbox::take(const EventMessage& event, std::string_view topic, Seconds now,
                                                     Monotonic clock) {
  auto& lane = lane_of(event.node, clock);
  Waiting waiting{.number = 0, .name = event.name, .environment = with_node(event)};
  bool must_wait = !lane.events.empty() || lane.tokens < 1;
  if (must_wait &&
      (lane.bytes + waiting.bytes() > limits_.most_waiting || bytes_ + waiting.bytes() > limits_.most_in_all)) {
    ++refused_;
    return std::unexpected(std::format(
        "node {} sends faster than {} events a second, and {} of its events wait already, the most that may be",
        event.node, static_cast<int>(limits_.rate), lane.events.size()));
  }
  if (!seen_.take(event.id, event.node, topic, now)) return Taken::seen_before;
  if (must_wait) {
    wait(lane, event.node, std::move(waiting));
    return Taken::waits;
  }
  lane.tokens -= 1;
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

void Inbox::time_reached(Monotonic clock) {
  if (waiting_ == 0) return;
  for (auto& [node, lane] : lanes_) {
    if (lane.events.empty()) continue;
    refill(lane, clock);
    for (; !lane.events.empty() && lane.tokens >= 1; lane.tokens -= 1) {
      auto& first = lane.events.front();
      lane.bytes -= first.bytes();
      bytes_ -= first.bytes();
      --waiting_;
      memory_.erase(key_of(first.number));
      memory_.emit(std::move(first.name), std::move(first.environment));
      lane.events.pop_front();
    }
  }
}

std::optional<Monotonic> Inbox::due(Monotonic clock) const {
  constexpr Monotonic batch{50}; // events that fall due meanwhile are one wake-up
  if (waiting_ == 0) return std::nullopt;
  return clock + batch;
}

} // namespace upstart::mqtt_bridge
