// The event broker as the commands see it: its history. In a session and as root on the system it is asked at its own
// socket in the run directory; over a bus, or where that socket is not to be found, by its name on the bus.
#pragma once

#include "clients/base/upstart.hpp"
#include "protocol/job-action.hpp"

#include <chrono>

namespace upstart::client {

using WallTime = std::chrono::system_clock::time_point;

// An event that the broker remembers.
struct PastEvent {
  std::uint64_t id = 0;
  std::string name = {};
  std::vector<std::string> environment = {};
  WallTime time = {};                         // when it was accepted
  std::uint32_t uid = 0, pid = 0;             // of its emitter
  std::vector<std::string> handlers = {};     // who was given it
  std::vector<protocol::JobAction> done = {}; // what it brought about
  std::chrono::microseconds blocked{0};
  std::string outcome = {}; // pending, ok, failed
};

// The last `count` events (0: all that are remembered), oldest first.
[[nodiscard]] std::expected<std::vector<PastEvent>, Failure> read_history(const ProcessContext& context,
                                                                          Upstart& upstart, std::uint32_t count);

// Where the broker of this init listens, if it can be told from the address of the session; empty if not.
[[nodiscard]] std::string broker_address(const ProcessContext& context, const Target& target);

// "NAME KEY=VALUE KEY=VALUE"
[[nodiscard]] std::string shown_event(const std::string& name, const std::vector<std::string>& environment);
// "12:34:56.789", with the date before it if that is not today.
[[nodiscard]] std::string shown_time(WallTime time, WallTime now = std::chrono::system_clock::now());
[[nodiscard]] std::int64_t microseconds_of(WallTime time);

[[nodiscard]] std::string to_text(const PastEvent& event);
[[nodiscard]] Json to_json(const PastEvent& event);

} // namespace upstart::client
