// An event that the broker remembers, and how it is shown.
#pragma once

#include "clients/base/json.hpp"
#include "protocol/job-action.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// The value of a variable of the event; empty where it has none of that name.
[[nodiscard]] std::string value_of(const PastEvent& event, std::string_view key);
// starting, started, stopping, stopped: the events of a job's life.
[[nodiscard]] bool is_life_event(std::string_view name);
[[nodiscard]] bool is_of_job(const PastEvent& event, const std::string& job);
[[nodiscard]] bool is_of_instance(const PastEvent& event, const std::string& job, const std::string& instance);
// Nothing where it is not among them.
[[nodiscard]] const PastEvent* find_event(const std::vector<PastEvent>& history, std::uint64_t id);

// "NAME KEY=VALUE KEY=VALUE"
[[nodiscard]] std::string shown_event(const std::string& name, const std::vector<std::string>& environment);
// "12:34:56.789", with the date before it if that is not today.
[[nodiscard]] std::string shown_time(WallTime time, WallTime now = std::chrono::system_clock::now());
[[nodiscard]] std::int64_t microseconds_of(WallTime time);

[[nodiscard]] std::string to_text(const PastEvent& event);
[[nodiscard]] Json to_json(const PastEvent& event);

// "12:34:56.789 (#ID)"
[[nodiscard]] std::string when(const PastEvent& event);

} // namespace upstart::client
