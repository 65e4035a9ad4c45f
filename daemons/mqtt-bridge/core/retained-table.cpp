#include "daemons/mqtt-bridge/core/retained-table.hpp"

#include <utility>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::string_view of_topic = "there/";

} // namespace

RetainedTable::RetainedTable(bridge::Memory& memory, const SeenIds::Records& records) : memory_{memory} {
  for (auto record = records.lower_bound(of_topic); record != records.end() && record->first.starts_with(of_topic);
       ++record)
    entries_.emplace(record->first.substr(of_topic.size()),
                     Entry{.wanted = record->second, .there = record->second, .on_its_way = {}});
}

void RetainedTable::put(const std::string& topic, std::string payload) {
  auto [place, is_new] = entries_.try_emplace(topic);
  auto& entry = place->second;
  if (is_new && payload.empty()) {
    entries_.erase(place);
    return;
  }
  entry.wanted = std::move(payload);
  if (entry.on_its_way) return; // looked at when that has arrived
  if (entry.there == entry.wanted) changed_.erase(topic);
  else changed_.insert(topic);
}

void RetainedTable::remove_others(const std::set<std::string>& topics, const std::string& kept) {
  std::vector<std::string> others;
  for (const auto& [topic, entry] : entries_)
    if (!topics.contains(topic) && topic != kept) others.push_back(topic);
  for (const auto& topic : others) remove(topic);
}

std::vector<RetainedTable::Publication> RetainedTable::take_sendable() {
  std::vector<Publication> result;
  while (!changed_.empty() && in_flight_ < most_in_flight) {
    auto topic = std::move(changed_.extract(changed_.begin()).value());
    auto& entry = entries_.at(topic);
    entry.on_its_way = entry.wanted;
    ++in_flight_;
    result.push_back({std::move(topic), entry.wanted});
  }
  return result;
}

void RetainedTable::acknowledged(const std::string& topic, Time now) {
  auto place = entries_.find(topic);
  if (place == entries_.end() || !place->second.on_its_way) return;
  auto& entry = place->second;
  --in_flight_;
  recent_.emplace_back(now, topic);
  while (recent_.front().first + settle_time < now) recent_.pop_front();
  entry.there = std::exchange(entry.on_its_way, std::nullopt);
  auto key = std::string{of_topic} + topic;
  if (entry.there->empty()) memory_.erase(key);
  else memory_.put(key, *entry.there);
  if (entry.there != entry.wanted) changed_.insert(topic);
  else if (entry.wanted.empty()) entries_.erase(place);
}

void RetainedTable::connection_lost(Time now) {
  in_flight_ = 0;
  for (auto& [topic, entry] : entries_)
    if (std::exchange(entry.on_its_way, std::nullopt)) {
      entry.there.reset();
      changed_.insert(topic);
    }
  for (const auto& [time, topic] : std::exchange(recent_, {})) {
    if (time + settle_time < now) continue;
    auto& entry = entries_[topic]; // one that was removed is removed once more
    entry.there.reset();
    changed_.insert(topic);
  }
}

void RetainedTable::broker_forgot() {
  for (auto& [topic, entry] : entries_) {
    entry.there.reset();
    if (!entry.on_its_way) changed_.insert(topic);
  }
}

} // namespace upstart::mqtt_bridge
