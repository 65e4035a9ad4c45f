// Everything a child does between fork and exec, decided and laid out in memory beforehand: the child only reads it
// (and moves numbers within it), allocates nothing and takes no lock. So it may run in the supervisor's own memory
// while the supervisor waits for the exec (`shares_memory`, some three times as fast), unless something in the plan
// could make that wait long or unsafe: a terminal to open, a directory of a slow file system, another user, a debug
// stop.
#pragma once

#include "daemons/job-supervisor/process/plan/command-line.hpp"
#include "daemons/job-supervisor/process/plan/sandbox-plan.hpp"
#include "daemons/job-supervisor/process/processes.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace upstart::supervisor {

struct StartMark; // children/started-children.hpp

// Some of the signals.
class SignalSet {
public:
  void add(int signal) { bits_ |= bit(signal); }
  [[nodiscard]] bool contains(int signal) const { return (bits_ & bit(signal)) != 0; }

private:
  static std::uint64_t bit(int signal) { return std::uint64_t{1} << (signal - 1); }
  std::uint64_t bits_ = 0;
};

// What holds for all processes of this supervisor.
struct SpawnDefaults {
  Console console = Console::log;
  bool user_session = false;              // directory stays as it is
  bool container = false;                 // the console is the standard output and error of this process
  bool inherit_environment = true;        // of a user session: and so does the umask
  bool debug = false;                     // `debug` stanzas stop their process
  bool apparmor = false;                  // the kernel has it, and it is on
  bool set_groups = false;                // the supervisor is root's
  SignalSet ignored_signals{};            // by the supervisor itself, which a process would inherit
  std::optional<rlimit> descriptor_limit; // to set where the class has none
};

struct DescriptorMove {
  int from;
  int to;
};

// NULL-terminated vectors for execve over strings that this owns.
class StringVector {
public:
  StringVector() = default;
  explicit StringVector(std::vector<std::string> strings);
  StringVector(StringVector&&) = default;
  StringVector& operator=(StringVector&&) = default;
  [[nodiscard]] char* const* data() const { return pointers_.data(); }
  [[nodiscard]] std::size_t size() const { return strings_.size(); }
  [[nodiscard]] char* operator[](std::size_t index) const { return pointers_[index]; }

private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

struct SpawnPlan {
  // What is executed.
  StringVector arguments;
  StringVector paths;            // tried in order
  std::vector<char*> with_shell; // arguments for a file that is no program: "/bin/sh", its path, the rest
  StringVector environment;
  std::vector<char*> own_pid; // within the environment: where the digits of the child's pid belong

  // Descriptors: what goes where; then what is needed until exec without being the program's.
  std::vector<DescriptorMove> moves;
  std::vector<int> control_groups; // each opened cgroup.procs
  int failure_pipe = -1;
  int first_free = 3; // above all that `moves` fills

  // The steps; unset: not to be done.
  Console console = Console::none;
  bool opens_console = false; // /dev/console becomes the standard descriptors
  std::string apparmor;
  std::vector<std::pair<int, rlimit>> limits;
  std::optional<rlimit> descriptor_limit; // where `limits` has none: what the supervisor itself was given
  std::optional<mode_t> umask;
  std::optional<int> nice;
  std::string oom_score;
  std::string chroot, chdir, user, group;
  int script = -1; // number in the child
  bool set_groups = false;
  std::shared_ptr<const std::vector<gid_t>> own_groups; // those, where they are known beforehand
  SignalSet ignored_signals;
  bool catches_no_signals = false; // the kernel has seen to it: only what is ignored is to be reset
  bool stop_before_exec = false;
  std::unique_ptr<SandboxPlan> sandbox; // null: it is not confined

  bool shares_memory = false;
  bool shares_descriptors = false; // begins with the supervisor's table of them, and leaves it first of all
  StartMark* mark = nullptr;       // that the child leaves, if any
  std::uint32_t turn = 0;          // with it; the child's own, since it may be late

  void put(int from, int to) { moves.push_back({from, to}); }
};

// The plan of a process, without its standard descriptors, pipes and control groups, which are the caller's.
struct PlanExtras {
  int ready_descriptor = -1;             // to be handed over as READY_FD
  std::string notify_socket;             // NOTIFY_SOCKET
  std::chrono::milliseconds watchdog{0}; // WATCHDOG_USEC, WATCHDOG_PID
};
[[nodiscard]] SpawnPlan make_plan(const JobClass& job_class, const SpawnRequest& request, const CommandLine& command,
                                  const SpawnDefaults& defaults, const PlanExtras& extras = {});

// Where a program may lie: the words of PATH in the environment, each followed by the name.
[[nodiscard]] std::vector<std::string> program_paths(const std::string& name,
                                                     const std::vector<std::string>& environment);

} // namespace upstart::supervisor
