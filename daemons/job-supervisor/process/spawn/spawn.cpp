#include "daemons/job-supervisor/process/spawn/spawn.hpp"

#include "daemons/base/fault-point.hpp"
#include "daemons/base/program/oom-score.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <memory>
#include <sys/syscall.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

// No signal may be handled by a child that shares the supervisor's memory.
class AllSignalsBlocked {
public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

private:
  sigset_t before_;
};

struct ChildStart {
  SpawnPlan& plan;
  ChildFailure& failure;
  bool forked_without_clone3 = false;
};

[[noreturn, gnu::no_sanitize_address]] void start(ChildStart& child) { run_child(child.plan, child.failure, nullptr); }

[[noreturn, gnu::no_sanitize_address]] void start_shared(void* argument) { static_cast<SharedStart*>(argument)->run(); }

// clone3 for a child on a stack of its own, which cannot return into its parent's functions. What the child needs is in
// registers that it does not clear, as it does the frame pointer, where its stack begins.
#if defined(__x86_64__)
constexpr bool can_share_memory = true;
[[gnu::no_sanitize_address]] long clone3_on_stack(clone_args& arguments, void (*run)(void*), void* argument) {
  long result = SYS_clone3;
  asm volatile("syscall\n\t"
               "testq %%rax, %%rax\n\t"
               "jnz 1f\n\t"
               "xorl %%ebp, %%ebp\n\t"
               "movq %[argument], %%rdi\n\t"
               "callq *%[run]\n\t"
               "hlt\n"
               "1:"
               : "+a"(result)
               : "D"(&arguments), "S"(sizeof arguments), [run] "b"(run), [argument] "d"(argument)
               : "rcx", "r11", "cc", "memory");
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}
#elif defined(__aarch64__)
constexpr bool can_share_memory = true;
[[gnu::no_sanitize_address]] long clone3_on_stack(clone_args& arguments, void (*run)(void*), void* argument) {
  register long x8 asm("x8") = SYS_clone3;
  register auto x0 asm("x0") = reinterpret_cast<long>(&arguments);
  register long x1 asm("x1") = sizeof arguments;
  register auto x2 asm("x2") = run;
  register void* x3 asm("x3") = argument;
  asm volatile("svc #0\n\t"
               "cbnz x0, 1f\n\t"
               "mov x29, xzr\n\t"
               "mov x0, %[argument]\n\t"
               "blr %[run]\n\t"
               "brk #0\n"
               "1:"
               : "+r"(x0)
               : "r"(x8), "r"(x1), [run] "r"(x2), [argument] "r"(x3)
               : "cc", "memory");
  if (x0 >= 0) return x0;
  errno = static_cast<int>(-x0);
  return -1;
}
#else
constexpr bool can_share_memory = false;
long clone3_on_stack(clone_args&, void (*)(void*), void*) { return -1; }
#endif

// With the default for all signals that this process catches (CLONE_CLEAR_SIGHAND, Linux 5.5), where the kernel can.
template <typename Clone>
[[gnu::no_sanitize_address]] long clone_without_handlers(SpawnPlan& plan, clone_args& arguments, Clone clone) {
  constexpr std::uint64_t clear_handlers = 0x1'0000'0000;
  static bool kernel_can = true;
  plan.catches_no_signals = kernel_can;
  if (kernel_can) arguments.flags |= clear_handlers;
  long result = clone();
  if (result >= 0 || !kernel_can || errno != EINVAL) return result;
  arguments.flags &= ~clear_handlers;
  plan.catches_no_signals = false;
  result = clone();
  if (result >= 0) kernel_can = false;
  return result;
}

struct Cloned {
  Cloned(long result, int pidfd_number) : pid{result}, error{result < 0 ? errno : 0}, pidfd{pidfd_number} {}
  long pid;
  int error;
  FileDescriptor pidfd;
};

clone_args clone_arguments(int& pidfd, int control_group) {
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (control_group < 0) return arguments;
  arguments.flags |= CLONE_INTO_CGROUP;
  arguments.cgroup = static_cast<std::uint64_t>(control_group);
  return arguments;
}

// Whether a child can leave a shared table of descriptors with a part of it (Linux 5.9). Asked with nothing to close.
bool can_leave_descriptors() {
  static const bool can = ::syscall(SYS_close_range, ~0U, ~0U, CLOSE_RANGE_UNSHARE) == 0;
  return can;
}

// Like vfork, but that the wait for the child has a limit. It does not end before the child has left the
// supervisor's descriptors. From the clone until the wait is over no frame of the sanitizer's is taken or given back
// (SharedStart::wait): the child takes its own beside it.
[[gnu::no_sanitize_address]] Cloned clone_sharing_memory(SharedStart& child, int control_group, bool& executed) {
  int pidfd = -1;
  clone_args arguments = clone_arguments(pidfd, control_group);
  arguments.flags |= CLONE_VM | CLONE_CHILD_CLEARTID;
  arguments.child_tid = child.child_word();
  arguments.stack = reinterpret_cast<std::uintptr_t>(child.stack());
  arguments.stack_size = SharedStart::stack_size;
  child.plan().shares_descriptors = can_leave_descriptors();
  if (child.plan().shares_descriptors) arguments.flags |= CLONE_FILES;
  AllSignalsBlocked blocked;
  auto clone = [&] [[gnu::no_sanitize_address]] { return clone3_on_stack(arguments, start_shared, &child); };
  Cloned cloned{clone_without_handlers(child.plan(), arguments, clone), pidfd};
  base::fault_point("child.forked");
  executed = cloned.pid < 0 || child.wait();
  return cloned;
}

Cloned clone_with_memory_of_its_own(ChildStart& child, int control_group) {
  int pidfd = -1;
  clone_args arguments = clone_arguments(pidfd, control_group);
  AllSignalsBlocked blocked;
  long pid = clone_without_handlers(child.plan, arguments,
                                    [&] { return ::syscall(SYS_clone3, &arguments, sizeof arguments); });
  if (pid == 0) start(child);
  base::fault_point("child.forked");
  return {pid, pidfd};
}

// Where clone3 is forbidden, as it is in some containers.
Cloned fork_and_open(ChildStart& child) {
  child.forked_without_clone3 = true;
  child.plan.catches_no_signals = false;
  AllSignalsBlocked blocked;
  long pid = ::fork();
  if (pid == 0) start(child);
  return {pid, pid < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

bool clone3_is_missing(int error) { return error == ENOSYS || error == EPERM; }

// The error is that of clone3; the plan is handed back with it.
std::expected<Spawned, int> spawn_sharing_memory(std::unique_ptr<SpawnPlan>& plan, int control_group,
                                                 std::unique_ptr<SharedStart> start) {
  start->begin(std::move(plan));
  bool executed = true;
  Cloned cloned = clone_sharing_memory(*start, control_group, executed);
  if (cloned.pid < 0) {
    plan = start->take_plan();
    start->set_finished();
    SharedStart::give_back(std::move(start));
    return std::unexpected{cloned.error};
  }
  Spawned spawned;
  spawned.pid = static_cast<pid_t>(cloned.pid);
  spawned.pidfd = std::move(cloned.pidfd);
  spawned.in_group = control_group >= 0;
  if (!executed) {
    spawned.held_up = std::move(start);
    return spawned;
  }
  if (start->failure().error != 0) spawned.failure = start->failure();
  else base::give_ordinary_oom_score(spawned.pid);
  SharedStart::give_back(std::move(start));
  return spawned;
}

// The error is that of pipe2, clone3 or fork.
std::expected<Spawned, int> spawn_separately(SpawnPlan& plan, int control_group) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return std::unexpected{errno};
  FileDescriptor reading{ends[0]}, writing{ends[1]};
  plan.failure_pipe = writing.get();
  ChildFailure failure;
  ChildStart child{plan, failure};
  Cloned cloned = clone_with_memory_of_its_own(child, control_group);
  if (cloned.pid < 0 && clone3_is_missing(cloned.error)) cloned = fork_and_open(child);
  if (cloned.pid < 0) return std::unexpected{cloned.error};
  Spawned spawned;
  spawned.pid = static_cast<pid_t>(cloned.pid);
  spawned.pidfd = std::move(cloned.pidfd);
  spawned.failure_pipe = std::move(reading);
  spawned.in_group = control_group >= 0 && !child.forked_without_clone3;
  return spawned;
}

std::expected<Spawned, int> spawn_as_planned(std::unique_ptr<SpawnPlan>& plan, int control_group) {
  static bool clone3_works = true;
  auto start = plan->shares_memory && can_share_memory && clone3_works ? SharedStart::take() : nullptr;
  plan->shares_memory = start != nullptr;
  if (!start) return spawn_separately(*plan, control_group);
  auto spawned = spawn_sharing_memory(plan, control_group, std::move(start));
  if (spawned || !clone3_is_missing(spawned.error())) return spawned;
  clone3_works = false;
  plan->shares_memory = plan->shares_descriptors = false;
  return spawn_separately(*plan, control_group);
}

// Whether it may be the control group that could not be entered.
bool concerns_group(int error) {
  return error == EACCES || error == EBUSY || error == EOPNOTSUPP || error == ENOENT || error == ENODEV ||
         error == EINVAL;
}

} // namespace

std::expected<Spawned, SpawnFailure> spawn_child(std::unique_ptr<SpawnPlan> plan, int control_group) {
  std::uint64_t before = ticks_since_boot();
  auto spawned = spawn_as_planned(plan, control_group);
  if (!spawned && control_group >= 0 && concerns_group(spawned.error())) spawned = spawn_as_planned(plan, -1);
  if (!spawned) return std::unexpected{unable_to("fork", spawned.error())};
  spawned->earliest = before;
  spawned->latest = ticks_since_boot();
  return std::move(*spawned);
}

} // namespace upstart::supervisor
