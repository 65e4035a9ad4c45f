// All that is known of one job, as people look at it: a value made from what was gathered, its text and its JSON. Pure.
#pragma once

#include "clients/base/terminal/table.hpp"
#include "clients/initctl/explain/explanation.hpp"
#include "clients/initctl/explain/knowledge.hpp"
#include "clients/initctl/list/job-rows.hpp"

namespace upstart::client {

// A line of a job file.
struct FileLine {
  std::size_t number = 0;
  std::string text;
};

// A process of an instance and what it has brought forth.
struct ProcessNode {
  std::string role; // main, pre-start, …; empty: a descendant of one of these
  std::int32_t pid = 0;
  std::string command; // as it was executed, or its name
  std::vector<ProcessNode> children = {};
};

struct InstanceDetails {
  InstanceFinding finding;
  JobRow row;
  std::vector<ProcessNode> processes = {};
  std::optional<LogTail> log = {};
};

struct JobDetails {
  protocol::JobState state;
  Explanation explanation;
  std::vector<JobRow> stopped; // a row for each instance that failed, or for the class; empty: instances are there
  std::vector<InstanceDetails> instances = {};
  std::vector<FileLine> override_lines = {}; // what the override says
  std::vector<std::string> settings = {};    // stanzas of the class in force that limit or change its processes
  std::vector<std::string> watches = {};     // what bridges watch for it: "socket tcp:80 (listening)"
  std::optional<LogTail> log = {};           // of the job, where it has no instance
};

// The row of an instance, and those of a class without instances.
[[nodiscard]] JobRow row_of(const protocol::JobState& state, const protocol::InstanceState& instance,
                            const ProcessTable& processes);
[[nodiscard]] std::vector<JobRow> stopped_rows_of(const protocol::JobState& state);

// Of the text of a class, those stanzas that say how its processes run: limits, users, directories, signals.
[[nodiscard]] std::vector<std::string> settings_in(std::string_view class_text);

// The processes of an instance as trees. `command_of` says what a process was executed as.
[[nodiscard]] std::vector<ProcessNode> trees_of(const InstanceStatus& status, const ProcessTable& processes,
                                                const std::function<std::string(const KnownProcess&)>& command_of);

[[nodiscard]] std::string to_text(const JobDetails& details, const TableStyle& style, WallTime now);
[[nodiscard]] Json to_json(const JobDetails& details);

} // namespace upstart::client
