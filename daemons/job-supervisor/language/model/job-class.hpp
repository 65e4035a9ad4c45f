// A job class: what one job file (and its override) says, a member for each stanza of init(5), hence so many. A value:
// made by the parser, never changed afterwards, shared as `std::shared_ptr<const JobClass>` by all that use it.
#pragma once

#include "daemons/base/values/rare.hpp"
#include "daemons/job-supervisor/language/model/confinement.hpp"
#include "daemons/job-supervisor/language/model/dialect.hpp"
#include "daemons/job-supervisor/language/model/event-expression.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

// The processes of a job, in the order in which D-Bus lists them. The last two have no command in the job file: they
// run helpers of the system that prepare the job, `security` the loader of its AppArmor profile, `tmpfiles`
// systemd-tmpfiles.
enum class ProcessKind : std::uint8_t { main, pre_start, post_start, pre_stop, post_stop, security, tmpfiles };
inline constexpr std::size_t process_kinds = 7;
[[nodiscard]] std::string_view name_of(ProcessKind kind); // "main", "pre-start", …
[[nodiscard]] bool is_helper(ProcessKind kind);

struct Command {
  std::string text;    // of exec: the command, quotes kept; of script: the block, verbatim
  bool script = false; // run with /bin/sh -e, whatever it holds
  friend bool operator==(const Command&, const Command&) = default;
};

// How the main process says that it is ready.
enum class Expect : std::uint8_t { none, stop, fork, daemon, ready_fd, notify };
enum class Console : std::uint8_t { none, log, output, owner };
// Whom a stop ends: all that the job has started (but for login sessions), its process group, or main alone.
enum class KillMode : std::uint8_t { all, group, process };

struct RespawnLimit {
  unsigned count = 10;              // 0: no limit
  std::chrono::seconds interval{5}; // 0: no limit
  friend bool operator==(const RespawnLimit&, const RespawnLimit&) = default;
};

// An end that is not a failure.
struct NormalExit {
  int number = 0;
  bool signal = false; // number is a signal, else an exit status
  friend auto operator<=>(const NormalExit&, const NormalExit&) = default;
};

struct ResourceLimit {
  static constexpr std::uint64_t unlimited = ~std::uint64_t{0};
  std::uint64_t soft = unlimited;
  std::uint64_t hard = unlimited;
  friend bool operator==(const ResourceLimit&, const ResourceLimit&) = default;
};

struct ControlGroup {
  std::string controller;
  std::string name;                                          // empty: $UPSTART_CGROUP
  std::vector<std::pair<std::string, std::string>> settings; // KEY VALUE
  friend bool operator==(const ControlGroup&, const ControlGroup&) = default;
};

struct JobClass {
  std::string name;
  std::string path;          // of the file; empty when it came from elsewhere
  std::string override_path; // of the override on top of it; empty: there is none
  std::string manual_at;     // "PATH:LINE" of the `manual` in it that drops the start on

  std::string description, author, version, usage;
  std::vector<std::string> emits;

  EventExpression start_on, stop_on;
  std::string instance; // unexpanded; empty: a single instance
  bool task = false;

  std::array<std::optional<Command>, process_kinds> commands; // by ProcessKind; never set for helpers
  bool respawn = false;
  RespawnLimit respawn_limit;
  std::vector<NormalExit> normal_exits;
  Expect expect = Expect::none;
  std::chrono::seconds watchdog{0}; // expect notify: 0 none
  int kill_signal = 15;
  std::chrono::seconds kill_timeout{5}; // 0: SIGKILL at once
  KillMode kill_mode = KillMode::all;
  int reload_signal = 1;

  std::vector<std::string> env;     // KEY=VALUE, or KEY: from init's own environment
  std::vector<std::string> exports; // KEY
  std::vector<std::string> imports; // KEY
  std::vector<std::string> tmpfiles;

  // Unset where the file has no such stanza: the supervisor's default applies.
  std::optional<Console> console;
  std::optional<unsigned> umask;
  std::optional<int> nice;
  std::optional<int> oom_score_adjustment; // -1000 … 1000
  std::map<int, ResourceLimit> limits;     // by RLIMIT_…
  std::string chroot, chdir, setuid, setgid;
  std::vector<ControlGroup> control_groups;
  base::Rare<GroupLimits> group_limits;
  base::Rare<Sandbox> sandbox;
  std::string apparmor_load, apparmor_switch;
  bool debug = false;

  bool positional_parameters = false; // event.d: event values are also $1 $2 … of its scripts, and UPSTART_EVENT is set

  [[nodiscard]] const std::optional<Command>& command(ProcessKind kind) const {
    return commands[static_cast<std::size_t>(kind)];
  }
  // Does this job have such a process?
  [[nodiscard]] bool has(ProcessKind kind) const;
  friend bool operator==(const JobClass&, const JobClass&) = default;
};

// That of the file that it came from.
[[nodiscard]] Dialect dialect_of(const JobClass& job);

} // namespace upstart::supervisor
