// The retained messages of this node at the broker: what is to stand there, and what does. Each change is published
// once the connection is there; of several changes meanwhile the last one counts, so that it is no queue. What stands
// there is remembered over the death of the bridge, so that the next one removes what is no longer true. What the
// broker has had for a few seconds only may be lost with it, and is published again when the connection was. Pure.
#pragma once

#include "daemons/mqtt-bridge/core/seen-ids.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace upstart::mqtt_bridge {

class RetainedTable {
public:
  static constexpr std::size_t most_in_flight = 64;
  static constexpr std::chrono::seconds settle_time{10};
  using Time = std::chrono::steady_clock::time_point;

  RetainedTable(bridge::Memory& memory, const SeenIds::Records& records);

  // An empty payload removes what stands at the topic.
  void put(const std::string& topic, std::string payload);
  void remove(const std::string& topic) { put(topic, {}); }
  // Removes all that is not of these topics, nor `kept`.
  void remove_others(const std::set<std::string>& topics, const std::string& kept);

  struct Publication {
    std::string topic, payload;
  };
  // What is to be published now; it is on its way from then on.
  [[nodiscard]] std::vector<Publication> take_sendable();
  // The broker has it, or refuses it: that is not tried again before it changes.
  void acknowledged(const std::string& topic, Time now);
  // What was on its way, or there for a short time only, is published again.
  void connection_lost(Time now);
  // The broker knows nothing of this node any more: all is published again.
  void broker_forgot();

private:
  struct Entry {
    std::string wanted;               // payload
    std::optional<std::string> there; // that stands there, as far as is known
    std::optional<std::string> on_its_way;
  };

  bridge::Memory& memory_;
  std::map<std::string, Entry> entries_;            // by topic
  std::set<std::string> changed_;                   // topics to be published
  std::deque<std::pair<Time, std::string>> recent_; // topics that were acknowledged lately
  std::size_t in_flight_ = 0;
};

} // namespace upstart::mqtt_bridge
