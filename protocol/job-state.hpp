// The state of jobs as the job supervisor tells it and `initctl explain` reads it: plain values, and the JSON in which
// they travel (DescribeJob: one job; GetState: all). The text says which version of these types it is of; a reader of
// another version refuses it and says so, it never guesses. Whoever adds, removes or changes the meaning of a member
// raises `state_version`.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::protocol {

inline constexpr int state_version = 3;

// An event that something waits for or holds.
struct EventReference {
  std::uint64_t id = 0; // given by the event broker; only grows
  std::string name = {};
  std::vector<std::string> environment = {}; // KEY=VALUE; not told for an event that a condition holds
  friend bool operator==(const EventReference&, const EventReference&) = default;
};

// A node of a start on or stop on condition. A condition is a list of them in postfix order: operands before their
// operator, at the end the whole.
struct ConditionNode {
  std::vector<std::string> words = {};                // [EVENT, ARGUMENT…], ["/AND"] or ["/OR"], as the job file has it
  std::optional<EventReference> held = {};            // the event that made it true; nothing: it has not been seen
  std::vector<std::string> expanded = {};             // the words with the values of their variables; empty: as written
  std::optional<std::vector<std::string>> unset = {}; // it cannot match since these variables are not set
  friend bool operator==(const ConditionNode&, const ConditionNode&) = default;
};

// A process of an instance that runs now.
struct ProcessState {
  std::string name = {}; // main, pre-start, post-start, pre-stop, post-stop, security
  std::int32_t pid = 0;
  friend bool operator==(const ProcessState&, const ProcessState&) = default;
};

// Why an instance counts as failed.
struct FailureState {
  std::string process = {};            // whose end it was; "respawn": the main process ended too often
  std::optional<int> wait_status = {}; // as waitpid gives it; nothing: the process could not be started
  friend bool operator==(const FailureState&, const FailureState&) = default;
};

// An instance of a job that is there: started, or not yet fully stopped.
struct InstanceState {
  std::string name = {};                          // empty: the only one of a job without instances
  std::string path = {};                          // its D-Bus object
  std::string goal = {};                          // start, stop
  std::string state = {};                         // waiting, starting, … running, …
  std::vector<std::string> environment = {};      // KEY=VALUE, what its processes get
  std::vector<ProcessState> processes = {};       // the main one first
  std::vector<EventReference> blocking = {};      // the events that are not finished before it has got to its goal
  std::uint64_t waiting_callers = 0;              // commands that wait for that
  std::string status_text = {};                   // what its main process says of itself (sd_notify); empty: nothing
  std::vector<std::string> ignored_failures = {}; // processes that failed without failing it, in words
  std::vector<ConditionNode> stop_on = {};
  std::optional<FailureState> failure = {}; // nothing: it has not failed
  friend bool operator==(const InstanceState&, const InstanceState&) = default;
};

// Something that was decided about a job.
struct JobRecordState {
  std::int64_t time = 0;     // µs since the epoch, of the last time
  std::string kind = {};     // started, not started, stopped, done, ended, killed, respawned
  std::string instance = {}; // empty: the only one of a job, or none
  std::string text = {};     // what happened and why
  std::uint64_t times = 1;   // how often
  friend bool operator==(const JobRecordState&, const JobRecordState&) = default;
};

// How the last run of an instance failed that is not there any more; until it is started again, or that is forgotten.
struct PastFailure {
  std::string instance = {};
  std::int64_t time = 0; // µs since the epoch
  std::string text = {}; // "main process terminated with status 4; the job failed"
  friend bool operator==(const PastFailure&, const PastFailure&) = default;
};

// A job: the class in force under its name, and its instances.
struct JobState {
  std::string name = {};
  std::string description = {};
  std::string file = {};                        // the job file that it was read from
  std::string instance = {};                    // the stanza `instance`, as written; empty: there is only one
  std::vector<std::string> instance_needs = {}; // the variables that whoever starts an instance must give
  std::vector<ConditionNode> start_on = {};
  std::optional<std::string> spawn_failure = {}; // why one of its processes could last not be started
  std::optional<int> respawn_limit_end = {};     // wait status of the main process that last reached the respawn limit
  std::vector<std::string> warnings = {};        // about its processes: what the log says of them, the newest last
  std::vector<JobRecordState> records = {};      // what was decided about it and why, the newest last; bounded
  std::string override_file = {};                // the override that its class was made with; empty: none
  std::string manual_at = {};                    // where in it `manual` drops the start on: PATH:LINE
  std::vector<std::string> file_faults = {};     // files of its name that are ignored, and for which error
  std::vector<PastFailure> failures = {};        // sorted by instance
  bool replaced_by_newer = false;            // its file has changed; that takes effect when the last instance stopped
  bool file_gone = false;                    // the same, where the file has been removed
  std::string file_broken = {};              // the same, where it cannot be read as a job any more: PATH:LINE: MESSAGE
  std::vector<InstanceState> instances = {}; // sorted by name
  friend bool operator==(const JobState&, const JobState&) = default;
};

struct SupervisorState {
  std::string version = {};                      // of the program
  std::vector<std::string> job_environment = {}; // KEY=VALUE, what every job is started with
  std::vector<JobState> jobs = {};               // sorted by name
  friend bool operator==(const SupervisorState&, const SupervisorState&) = default;
};

// As one line of JSON. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string to_json(const JobState& job);
[[nodiscard]] std::string to_json(const SupervisorState& state);

// Why a text is not such a state.
struct StateError {
  std::optional<int> version; // it is of this version, which is not ours; nothing: its form is wrong
  std::string message;        // what is wrong with its form, in words
};

[[nodiscard]] std::expected<JobState, StateError> job_state_from_json(std::string_view text);
[[nodiscard]] std::expected<SupervisorState, StateError> supervisor_state_from_json(std::string_view text);

} // namespace upstart::protocol
