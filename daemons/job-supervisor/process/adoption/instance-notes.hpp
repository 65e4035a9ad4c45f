// What one supervisor writes down of the processes of an instance, so that the next one can take them up. A value, and
// its form as bytes; the journal that holds them is not known here. Pure.
#pragma once

#include "daemons/job-supervisor/process/ending/main-ending.hpp"
#include "daemons/job-supervisor/process/groups/job-members.hpp"
#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"
#include "daemons/job-supervisor/process/processes.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

struct ProcessNote {
  ProcessKind kind = ProcessKind::main;
  ProcessId id{};
  bool executed = false;
  std::optional<ChildFailure> failure{}; // it could not execute
};

// A process that was to be started when a supervisor died, and that the next one has not found yet. Others are started
// meanwhile, and the supervisor after that looks on.
struct SearchNote {
  ProcessKind kind = ProcessKind::main;
  std::uint64_t since = 0, until = 0; // ticks since boot: it was forked between these
  std::optional<ProcessId> told{};    // by itself
  std::vector<int> signals{};         // that are to be sent to it
};

// Where the console log's text comes from: the numbers of what init keeps.
struct LogNote {
  std::string path; // empty: there is no log
  std::vector<std::uint64_t> terminals{}, pipes{};
};

struct InstanceNotes {
  std::uint64_t written = 0; // ticks since boot: what is not known here was started later
  JobMembers members{};
  std::vector<std::string> stanza_directories{};
  std::vector<ProcessNote> processes{};
  bool ready_told = false;
  pid_t main_process_group = 0;
  LogNote log{};
  std::string readiness{}; // of main, as its kind understands it; empty: it has none
  std::optional<EndingNote> ending{};
  // These two are written only where there is one.
  std::uint64_t mount_namespace = 0; // number of what init keeps; 0: it has none
  std::vector<SearchNote> searches{};

  [[nodiscard]] const ProcessNote* of(ProcessKind kind) const;
  [[nodiscard]] const SearchNote* search_of(ProcessKind kind) const;
};

[[nodiscard]] std::string to_bytes(const InstanceNotes& notes);
// The error: what is wrong with them.
[[nodiscard]] std::expected<InstanceNotes, std::string> read_notes(std::string_view bytes);

} // namespace upstart::supervisor
