// What a running bridge tells of itself (the interfaces Bridge1 and TimerBridge1 of its object): asked at its own
// socket in the run directory, or over the bus where the Upstart itself is reached over one.
#pragma once

#include "clients/base/upstart.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

using BridgeTime = std::chrono::sys_time<std::chrono::microseconds>;

struct BridgeWatch {
  std::string what, state;         // "file /run/app.pid", "watched"
  std::optional<BridgeTime> since; // nothing: not known
  std::vector<std::string> jobs;
};

struct TimerState {
  std::string condition; // "EVERY=15m"
  std::vector<std::string> jobs;
  std::optional<BridgeTime> next, last;
  std::uint32_t missed = 0; // by the last one
};

// `bridge` is its name ("file-bridge"), `pid` its process. The failure says why it does not answer.
[[nodiscard]] std::expected<std::vector<BridgeWatch>, Failure> watches_of(Upstart& upstart, const std::string& bridge,
                                                                          std::uint32_t pid);
[[nodiscard]] std::expected<std::vector<TimerState>, Failure> timers_of(Upstart& upstart, std::uint32_t pid);

} // namespace upstart::client
