#include "daemons/job-supervisor/process/spawn/child.hpp"

#include "daemons/base/program/oom-score.hpp"

#include "daemons/job-supervisor/process/children/started-children.hpp"
#include "daemons/job-supervisor/process/spawn/accounts.hpp"
#include "daemons/job-supervisor/process/spawn/confine.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <span>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Credentials are changed with plain system calls: the C library's wrappers would try to tell other threads, of which a
// child has none but may see its parent's.

namespace upstart::supervisor {

namespace {

struct Child {
  SpawnPlan& plan;
  Account account{};
  bool has_account = false;
  gid_t group = 0;
  int detail = 0;
  std::atomic<bool>* at_exec = nullptr;
};

int result(long value) { return value < 0 ? errno : 0; }

int start_session(Child&) { return result(::setsid()); }

// The lowest number above all descriptors that are needed.
unsigned above_needed(const SpawnPlan& plan) {
  int highest = std::max(plan.first_free - 1, plan.failure_pipe);
  for (const DescriptorMove& move : plan.moves) highest = std::max(highest, move.from);
  for (int fd : plan.control_groups) highest = std::max(highest, fd);
  if (plan.sandbox) highest = std::max({highest, plan.sandbox->namespace_to_join, plan.sandbox->namespace_socket});
  return static_cast<unsigned>(highest) + 1;
}

// A table of its own, with what lies up to the highest that is needed: of a thousand pidfds none is copied, and none
// has to be closed by exec.
int leave_descriptors(const SpawnPlan& plan) {
  if (!plan.shares_descriptors) return 0;
  return result(::syscall(SYS_close_range, above_needed(plan), ~0U, CLOSE_RANGE_UNSHARE));
}

// A descriptor that is needed later must not lie where another is to be put.
int move_up(int& fd, int first_free) {
  if (fd < 0 || fd >= first_free) return 0;
  int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, first_free);
  if (moved < 0) return errno;
  fd = moved;
  return 0;
}

bool is_filled(const SpawnPlan& plan, int fd) {
  for (const DescriptorMove& move : plan.moves)
    if (move.to == fd) return true;
  return false;
}

// The lowest from `from` on that is needed until exec; -1 when there is none.
int next_needed(const SpawnPlan& plan, int from) {
  int next = -1;
  auto consider = [&](int fd) {
    if (fd >= from && (next < 0 || fd < next)) next = fd;
  };
  consider(plan.failure_pipe);
  for (int fd : plan.control_groups) consider(fd);
  if (plan.sandbox) consider(plan.sandbox->namespace_to_join);
  if (plan.sandbox) consider(plan.sandbox->namespace_socket);
  return next;
}

// The supervisor may have more descriptors open than the job's limit allows, and the steps to come open some for a
// while: so they are closed here, and not by exec, unless that would keep the supervisor waiting.
void close_others(const SpawnPlan& plan) {
  unsigned flags = plan.shares_memory ? CLOSE_RANGE_CLOEXEC : 0;
  for (int from = plan.first_free;;) {
    int next = next_needed(plan, from);
    unsigned last = next < 0 ? ~0U : static_cast<unsigned>(next) - 1;
    if (next != from) ::syscall(SYS_close_range, static_cast<unsigned>(from), last, flags);
    if (next < 0) return;
    from = next + 1;
  }
}

int arrange_descriptors(Child& child) {
  SpawnPlan& plan = child.plan;
  if (int error = leave_descriptors(plan)) return error;
  if (int error = move_up(plan.failure_pipe, plan.first_free)) return error;
  for (DescriptorMove& move : plan.moves)
    if (int error = move_up(move.from, plan.first_free)) return error;
  for (int& fd : plan.control_groups)
    if (int error = move_up(fd, plan.first_free)) return error;
  if (plan.sandbox) {
    if (int error = move_up(plan.sandbox->namespace_to_join, plan.first_free)) return error;
    if (int error = move_up(plan.sandbox->namespace_socket, plan.first_free)) return error;
  }
  for (const DescriptorMove& move : plan.moves)
    if (::dup2(move.from, move.to) < 0) return errno;
  for (int fd = 3; fd < plan.first_free; ++fd)
    if (!is_filled(plan, fd)) ::close(fd);
  close_others(plan);
  return 0;
}

// Where there is no console, `output` leaves what the standard descriptors are: /dev/null.
int open_console(Child& child) {
  Console console = child.plan.console;
  if (!child.plan.opens_console) return 0;
  int fd = ::open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return console == Console::owner ? errno : 0;
  if (console == Console::owner && ::ioctl(fd, TIOCSCTTY, 1) < 0) return errno;
  for (int standard = 0; standard <= 2; ++standard)
    if (::dup2(fd, standard) < 0) return errno;
  return 0;
}

int write_to(const char* path, std::string_view text) {
  int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = result(::write(fd, text.data(), text.size()));
  ::close(fd);
  return error;
}

int switch_profile(Child& child) {
  const std::string& profile = child.plan.apparmor; // "exec NAME"
  if (profile.empty()) return 0;
  int error = write_to("/proc/self/attr/apparmor/exec", profile);
  return error == ENOENT ? write_to("/proc/self/attr/exec", profile) : error;
}

int set_limits(Child& child) {
  for (const auto& [resource, limit] : child.plan.limits) {
    child.detail = resource;
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) < 0) return errno;
  }
  return 0;
}

int set_umask_and_priority(Child& child) {
  if (child.plan.umask) ::umask(*child.plan.umask);
  return child.plan.nice ? result(::setpriority(PRIO_PROCESS, 0, *child.plan.nice)) : 0;
}

// The supervisor itself may be spared by the OOM killer; its jobs are not unless they say so. A child that shares its
// memory gets the value once it has left that.
int set_oom_score(Child& child) {
  constexpr const char* path = "/proc/self/oom_score_adj";
  if (!child.plan.oom_score.empty()) return write_to(path, child.plan.oom_score);
  const auto& ordinary = base::ordinary_oom_score();
  if (!ordinary.empty() && !child.plan.shares_memory) write_to(path, ordinary);
  return 0;
}

int enter_mounts(Child& child) {
  SpawnPlan& plan = child.plan;
  return plan.sandbox ? enter_mount_namespace(*plan.sandbox, plan.chroot.c_str()) : 0;
}
int change_mounts(Child& child) { return child.plan.sandbox ? make_mounts(*child.plan.sandbox, child.detail) : 0; }

int change_root(Child& child) { return child.plan.chroot.empty() ? 0 : result(::chroot(child.plan.chroot.c_str())); }
int change_directory(Child& child) { return child.plan.chdir.empty() ? 0 : result(::chdir(child.plan.chdir.c_str())); }

int look_up_user(Child& child) {
  if (child.plan.user.empty()) return 0;
  auto account = find_account(child.plan.user.c_str(), !child.plan.shares_memory);
  if (!account) return ENOENT;
  child.account = *account;
  child.has_account = true;
  child.group = account->group;
  return 0;
}

int look_up_group(Child& child) {
  if (child.plan.group.empty()) return 0;
  auto group = find_group(child.plan.group.c_str(), !child.plan.shares_memory);
  if (!group) return ENOENT;
  child.group = *group;
  return 0;
}

// The user must be able to open by name what it was given: its script, and the terminal of its log.
int give_descriptors(Child& child) {
  if (!child.has_account) return 0;
  struct stat status{};
  if (child.plan.script >= 0 && ::fchown(child.plan.script, child.account.user, child.group) < 0) return errno;
  if (child.plan.console == Console::log && ::fstat(1, &status) == 0 && !S_ISCHR(status.st_mode) &&
      !S_ISFIFO(status.st_mode))
    return 0;
  if (child.plan.console == Console::log && ::isatty(1))
    return result(::fchown(1, child.account.user, static_cast<gid_t>(-1)));
  return 0;
}

// Where root itself may not (a container without CAP_SETGID), a job of root's keeps the groups that there are.
int give_groups(const Child& child, std::span<const gid_t> groups) {
  int error = result(::syscall(SYS_setgroups, groups.size(), groups.data()));
  return error == EPERM && !child.has_account ? 0 : error;
}

int set_supplementary_groups(Child& child) {
  if (!child.plan.set_groups) return 0;
  if (const auto* known = child.plan.own_groups.get()) return give_groups(child, *known);
  GroupList list;
  std::array<char, 256> buffer;
  std::string_view user = child.has_account ? std::string_view{child.plan.user} : name_of_user(::geteuid(), buffer);
  gid_t group = child.has_account || !child.plan.group.empty() ? child.group : ::getegid();
  if (user.empty()) list.add(group);
  else find_groups_of(user, group, child.account.from_services, list);
  return give_groups(child, std::span{list.groups}.first(list.count));
}

int enter_control_groups(Child& child) {
  for (int fd : child.plan.control_groups)
    if (::write(fd, "0", 1) < 0) return errno;
  return 0;
}

int set_group(Child& child) {
  bool wanted = child.has_account || !child.plan.group.empty();
  return wanted ? result(::syscall(SYS_setresgid, child.group, child.group, child.group)) : 0;
}

int set_user(Child& child) {
  uid_t user = child.account.user;
  return child.has_account ? result(::syscall(SYS_setresuid, user, user, user)) : 0;
}

int bound_capabilities(Child& child) { return child.plan.sandbox ? drop_from_bounding_set(*child.plan.sandbox) : 0; }
int gain_capabilities(Child& child) { return child.plan.sandbox ? raise_ambient_set(*child.plan.sandbox) : 0; }
int renounce_privileges(Child& child) { return child.plan.sandbox ? forbid_new_privileges(*child.plan.sandbox) : 0; }

// Lowered last: with shared memory the supervisor's descriptors are still there.
int restore_descriptor_limit(Child& child) {
  child.detail = RLIMIT_NOFILE;
  return child.plan.descriptor_limit ? result(::setrlimit(RLIMIT_NOFILE, &*child.plan.descriptor_limit)) : 0;
}

// Those that are caught have got their default with the fork, or get it here, before any can be delivered.
int reset_signals(Child& child) {
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal)
    if (!child.plan.catches_no_signals || child.plan.ignored_signals.contains(signal))
      ::sigaction(signal, &standard, nullptr); // KILL, STOP and the library's own refuse
  sigset_t none;
  ::sigemptyset(&none);
  int error = result(::sigprocmask(SIG_SETMASK, &none, nullptr));
  if (!error && child.plan.stop_before_exec) ::kill(static_cast<pid_t>(::syscall(SYS_getpid)), SIGSTOP);
  return error;
}

// System calls that leave errno alone; what they return is the negative error.
#if defined(__x86_64__)
long direct_call(long number, long first, long second, long third) {
  long result = number;
  asm volatile("syscall" : "+a"(result) : "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
long direct_call(long number, long first, long second, long third) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = first;
  register long x1 asm("x1") = second;
  register long x2 asm("x2") = third;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
#endif

// The error; it does not return when the program runs.
int execute_directly(const char* path, char* const* arguments, char* const* environment) {
#if defined(__x86_64__) || defined(__aarch64__)
  return static_cast<int>(-direct_call(SYS_execve, reinterpret_cast<long>(path), reinterpret_cast<long>(arguments),
                                       reinterpret_cast<long>(environment)));
#else
  ::execve(path, arguments, environment);
  return errno;
#endif
}

void tell_own_pid(const SpawnPlan& plan) {
  constexpr int longest = 10;
  for (char* place : plan.own_pid)
    *std::to_chars(place, place + longest, static_cast<pid_t>(::syscall(SYS_getpid))).ptr = '\0';
}

// What a search along PATH does about an error: go on, or end with it.
bool goes_on(int error) {
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE || error == ENODEV ||
         error == ETIMEDOUT;
}

// From here on a child that shares memory may run beside its supervisor, if opening its program takes long: it must
// touch nothing of the C library, whose errno belongs to both.
int execute(Child& child) {
  SpawnPlan& plan = child.plan;
  tell_own_pid(plan);
  if (child.at_exec != nullptr) child.at_exec->store(true, std::memory_order_release);
  int outcome = ENOENT;
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    int error = execute_directly(plan.paths[i], plan.arguments.data(), plan.environment.data());
    if (error == ENOEXEC) {
      plan.with_shell[1] = plan.paths[i];
      error = execute_directly(plan.with_shell[0], plan.with_shell.data(), plan.environment.data());
    }
    if (outcome != EACCES) outcome = error;
    if (!goes_on(outcome)) break;
  }
  return outcome;
}

struct Step {
  SpawnStep name;
  int (*run)(Child&); // the error, or 0
};

constexpr std::array steps{
    Step{SpawnStep::session, start_session},
    Step{SpawnStep::descriptors, arrange_descriptors},
    Step{SpawnStep::console, open_console},
    Step{SpawnStep::apparmor, switch_profile},
    Step{SpawnStep::limit, set_limits},
    Step{SpawnStep::nice, set_umask_and_priority},
    Step{SpawnStep::oom, set_oom_score},
    Step{SpawnStep::mount_namespace, enter_mounts},
    Step{SpawnStep::chroot, change_root},
    Step{SpawnStep::mounts, change_mounts},
    Step{SpawnStep::chdir, change_directory},
    Step{SpawnStep::find_user, look_up_user},
    Step{SpawnStep::find_group, look_up_group},
    Step{SpawnStep::ownership, give_descriptors},
    Step{SpawnStep::groups, set_supplementary_groups},
    Step{SpawnStep::control_group, enter_control_groups},
    Step{SpawnStep::set_group, set_group},
    Step{SpawnStep::bounding_set, bound_capabilities},
    Step{SpawnStep::set_user, set_user},
    Step{SpawnStep::ambient_set, gain_capabilities},
    Step{SpawnStep::no_new_privileges, renounce_privileges},
    Step{SpawnStep::limit, restore_descriptor_limit},
    Step{SpawnStep::signals, reset_signals},
    Step{SpawnStep::execute, execute},
};

[[noreturn]] void exit_directly(int status) {
#if defined(__x86_64__) || defined(__aarch64__)
  while (true) direct_call(SYS_exit_group, status, 0, 0);
#else
  ::_exit(status);
#endif
}

void tell(const SpawnPlan& plan, const ChildFailure& failure) {
  if (plan.failure_pipe < 0) return;
  while (::write(plan.failure_pipe, &failure, sizeof failure) < 0 && errno == EINTR) {}
}

} // namespace

// The sanitizer would look for the supervisor's stack before a function that does not return; this one has another.
[[gnu::no_sanitize_address]] void run_child(SpawnPlan& plan, ChildFailure& failure, std::atomic<bool>* at_exec) {
  if (plan.mark != nullptr) leave_mark(*plan.mark, plan.turn);
  Child child{.plan = plan, .at_exec = at_exec};
  for (const Step& step : steps) {
    int error = step.run(child);
    if (error == 0) continue;
    failure = {step.name, error, child.detail};
    break;
  }
  tell(plan, failure);
  exit_directly(child_failed_status);
}

} // namespace upstart::supervisor
