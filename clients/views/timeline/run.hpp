// What is known of the time that jobs took: their runs, as the supervisor tells them (ListRuns), with times counted
// from the moment at which this init began. Values; pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::client {

using Time = std::chrono::microseconds;

// An event that started a run. Of an event of another job's life (starting, started, stopping, stopped): which job's.
struct RunCause {
  std::uint64_t event = 0; // its number; of several the last one is what the run waited for
  std::string name;
  std::string job = {}, instance = {};
  friend bool operator==(const RunCause&, const RunCause&) = default;
};

struct Moment {
  std::string state; // starting, security, pre-start, spawned, post-start, running, pre-stop, …, waiting
  Time time{0};
};

// One run of an instance: from starting to waiting, or to the next starting.
struct Run {
  std::string job, instance;
  std::string origin; // command, event, respawn
  std::vector<RunCause> causes = {};
  std::vector<Moment> moments = {}; // in order, never empty
  bool failed = false;
  bool is_task = false;
  std::optional<Time> ended_unstopped = {}; // by the next run of its instance (end_runs)

  // "JOB", or "JOB (INSTANCE)".
  [[nodiscard]] std::string title() const;
  // When this state was reached first; nothing: it was not.
  [[nodiscard]] std::optional<Time> at(std::string_view state) const;
  [[nodiscard]] Time begin() const { return moments.front().time; }
  [[nodiscard]] const std::string& state() const { return moments.back().state; }
  // When it has stopped, or made way for the next one; nothing: it is still there.
  [[nodiscard]] std::optional<Time> end() const;
  // When it had done what was asked of it: a service runs, a task has ended. Nothing: that has not come.
  [[nodiscard]] std::optional<Time> up() const;
  // When it emitted this event of its life.
  [[nodiscard]] std::optional<Time> emitted(std::string_view life_event) const;
  // How long it was in this state, until `now` where it still is.
  [[nodiscard]] Time time_in(std::string_view state, Time now) const;
  // From starting until it was up; until it ended, or `now`, where it never was.
  [[nodiscard]] Time took(Time now) const;
  // The event that came last of those that started it; nothing: none did.
  [[nodiscard]] const RunCause* last_cause() const;
};

// "started db", "started db (INSTANCE)", "startup".
[[nodiscard]] std::string title(const RunCause& cause);

struct Timeline {
  Time now{0};
  std::vector<Run> runs = {}; // in the order in which they began
};

// A job that is respawned or restarted does not get to waiting: says of each such run when it ended. That is where the
// next run of the instance begins. Of a job's runs that are over only the first and the last are told, so where others
// may have been between the two, it is where the run was last told to be ending.
void end_runs(Timeline& timeline);

// A part of the time, from the beginning of its first to the end of its last moment.
struct Window {
  Time from{0}, to{0};
  [[nodiscard]] bool contains(Time time) const { return from <= time && time <= to; }
};

// A boot is over when for so long no job has got to another state.
inline constexpr Time quiet_time = std::chrono::seconds{10};
// From the beginning until it was over; where nothing has happened since the beginning, from the first moment.
[[nodiscard]] Window boot_of(const Timeline& timeline);
[[nodiscard]] Window all_of(const Timeline& timeline);
// The runs that began within it.
[[nodiscard]] Timeline within(const Window& window, const Timeline& timeline);

// "1.234s", "56ms", "2min 3.4s": for people.
[[nodiscard]] std::string shown(Time time);

} // namespace upstart::client
