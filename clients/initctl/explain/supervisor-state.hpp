// What the job supervisor holds, as its GetState tells it: every class with what its `start on` has seen, every job
// with its processes, what it blocks and what failed. Read from JSON into values.
#pragma once

#include "clients/base/status.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace upstart::client {

struct EventRef {
  std::uint64_t id = 0;
  std::string name;
  std::vector<std::string> environment; // not told for events that a condition holds
};

struct ConditionNode {
  std::vector<std::string> words;                     // [EVENT, ARG…], ["/AND"], ["/OR"]: as written
  std::optional<EventRef> held = {};                  // the event that made it true
  std::vector<std::string> expanded = {};             // with the values of variables; empty: as written
  std::optional<std::vector<std::string>> unset = {}; // it cannot match: these variables are not set
};

struct JobState {
  InstanceStatus status;
  std::vector<std::string> environment;
  std::vector<EventRef> blocking;
  std::uint64_t waiting_callers = 0;
  std::string status_text;              // what its main process says of itself
  std::vector<std::string> passed_over; // processes that went wrong without failing it, and how
  std::vector<ConditionNode> stop_on;
};

struct ClassState {
  std::string name, file;
  std::vector<ConditionNode> start_on;
  std::string spawn_failure; // why one of its processes could last not be started; empty: that has not been
  bool replaced_by_newer = false;
  std::vector<JobState> jobs;
  std::vector<std::string> instance_needs = {}; // the variables that whoever starts an instance must give
  std::optional<int> respawn_limit_end = {}; // the wait status of the main process that reached the respawn limit last
  bool file_gone = false;                    // what replaces it is nothing
};

// The error says what is wrong with the text.
[[nodiscard]] std::expected<std::vector<ClassState>, std::string> parse_state(std::string_view text);

} // namespace upstart::client
