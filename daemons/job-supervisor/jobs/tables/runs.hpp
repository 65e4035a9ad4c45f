// The runs of jobs: when an instance got to each of its states, and what started it, for those who ask where the time
// went (initctl plot, blame, critical-chain). A run begins with starting and ends with waiting, or with the next
// starting. An instance has one, the present one; its class keeps the first that is over and the last: so what happened
// at boot stays, and nothing grows. Values, and as bytes.
#pragma once

#include "daemons/base/values/shared.hpp"
#include "daemons/job-supervisor/lifecycle/life.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

// Of CLOCK_MONOTONIC.
using RunTime = std::chrono::microseconds;

enum class RunOrigin : std::uint8_t { command, event, respawn };
[[nodiscard]] std::string_view name_of(RunOrigin origin);

// An event that started it.
struct RunCause {
  struct Emitter {
    std::string job, instance;
    friend bool operator==(const Emitter&, const Emitter&) = default;
  };
  EventId event = 0;
  std::string name;
  base::Rare<Emitter> emitter = {}; // of starting, started, stopping and stopped: whose
  friend bool operator==(const RunCause&, const RunCause&) = default;
};

// A service keeps its moments for as long as it runs: one is a word.
struct Moment {
  State state : 8 = State::waiting;
  std::uint64_t microseconds : 56 = 0; // as RunTime: when the state was reached first in this run
  [[nodiscard]] RunTime time() const { return RunTime{static_cast<RunTime::rep>(microseconds)}; }
  friend bool operator==(const Moment&, const Moment&) = default;
};

// A thousand jobs that one event has started have one list of causes.
using RunCauses = base::Shared<std::vector<RunCause>>;
using RecentCauses = base::RecentlyShared<std::vector<RunCause>>;

struct Run {
  RunCauses causes = {};
  std::vector<Moment> moments = {}; // in order
  RunOrigin origin = RunOrigin::command;
  bool failed = false;
  bool is_written = false; // the memory has it as it is; no part of the bytes

  // Not the states that a job only passes through.
  [[nodiscard]] static bool is_moment(State state);
  // Counts the first time only: a stop that is taken back leads to running again.
  void reached(State state, RunTime time);

  friend bool operator==(const Run&, const Run&) = default;
};

struct PastRun {
  base::Rare<std::string> instance;
  Run run;
  friend bool operator==(const PastRun&, const PastRun&) = default;
};
// The runs of a class that are over: the first, and the last where it is another. At most two.
using PastRuns = std::vector<PastRun>;
void keep(PastRuns& past, const std::string& instance, Run run);

namespace record {
[[nodiscard]] std::string to_bytes(const std::string& instance, const Run& run);
[[nodiscard]] std::expected<Run, std::string> run_of(std::string_view bytes);
[[nodiscard]] std::string to_bytes(const PastRuns& runs);
[[nodiscard]] std::expected<PastRuns, std::string> runs_of(std::string_view bytes);
} // namespace record

} // namespace upstart::supervisor
