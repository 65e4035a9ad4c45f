// Which events have been taken already, by their ids: a message may come again, since the broker or the node that sends
// it could not know that it had arrived. Kept in the bridge's memory, so that a bridge that comes after one that was
// killed knows, too. Pure.
//
// An id is a random text of the sending node, "/" and a number that only grows. MQTT keeps the order of the messages of
// one sender on one topic, so for each sender and topic the highest number and the 1024 below it are enough: what is
// below these is old. A sender has far fewer than 1024 events on the way at a time. Of ids of another form (events that
// other programs publish) the last 256 of each node are known.
//
// What was not heard of for as long as the broker keeps a session is forgotten.
#pragma once

#include "daemons/bridge/ports/memory.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace upstart::mqtt_bridge {

using Seconds = std::chrono::sys_seconds;

// How long the broker keeps a node's session, and a node what it has seen.
inline constexpr std::chrono::seconds session_expiry{24 * 60 * 60};

class SeenIds {
public:
  static constexpr std::size_t window = 1024;
  static constexpr std::size_t most_others = 256;      // ids of another form, of each node
  static constexpr std::size_t most_entries = 100'000; // senders and topics; beyond, the oldest tenth goes

  using Records = std::map<std::string, std::string, std::less<>>;
  // `records` is what the memory holds; those that are not of ids are ignored. `memory` outlives this.
  SeenIds(bridge::Memory& memory, const Records& records);

  // Whether the event with this id, of `node` and on `topic`, is new; then it is from now on not.
  [[nodiscard]] bool take(std::string_view id, std::string_view node, std::string_view topic, Seconds now);
  // To be called now and then, by whoever has a clock.
  void forget_old(Seconds now);
  [[nodiscard]] std::size_t size() const { return windows_.size() + others_.size(); }

private:
  struct Window {
    std::uint64_t highest = 0;
    std::array<std::uint64_t, window / 64> seen{}; // bit n: highest - n
    Seconds last{};
    bool take(std::uint64_t number);
    void shift(std::uint64_t by);
  };
  struct Others {
    std::deque<std::string> ids;
    Seconds last{};
  };

  bool take_number(const std::string& key, std::uint64_t number, Seconds now);
  bool take_other(const std::string& node, std::string_view id, Seconds now);
  void keep(const std::string& key, const Window& entry);
  void keep(const std::string& key, const Others& entry);
  void make_room(Seconds now);
  template <typename Entries> void drop_tenth(Entries& entries);

  bridge::Memory& memory_;
  std::map<std::string, Window> windows_; // by record key
  std::map<std::string, Others> others_;
};

} // namespace upstart::mqtt_bridge
