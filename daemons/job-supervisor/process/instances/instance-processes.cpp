#include "daemons/job-supervisor/process/instances/instance-processes.hpp"

#include "daemons/job-supervisor/process/instances/launch-failure.hpp"
#include "daemons/job-supervisor/process/instances/launch.hpp"
#include "daemons/job-supervisor/process/plan/offered-files.hpp"
#include "daemons/job-supervisor/process/readiness/make-readiness.hpp"

#include <algorithm>
#include <csignal>
#include <format>
#include <ranges>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

namespace {

void warn_in(const ProcessServices& services, const std::string& job, const std::string& instance, ProcessKind kind,
             const std::string& what) {
  std::string name = job + (instance.empty() ? "" : " (" + instance + ")");
  services.warn(std::format("{} {} process: {}", name, name_of(kind), what));
  if (services.options.warn_of_job) services.options.warn_of_job(job, what);
}

// A main process that ends with status 0 and leaves others behind has most likely put itself into the background.
const char* hint_for_left(const JobClass& job_class) {
  if (job_class.expect == Expect::stop)
    return ": the main process itself has to raise SIGSTOP (`expect stop'); one that goes to the background wants "
           "`expect fork' or `expect daemon'";
  if (job_class.expect != Expect::none || job_class.task) return "";
  return ": a program that goes to the background wants `expect fork' or `expect daemon'";
}

std::string first_of(const std::vector<pid_t>& pids) {
  constexpr std::size_t most = 10;
  std::string text;
  for (pid_t pid : pids | std::views::take(most)) text += (text.empty() ? "" : ", ") + std::to_string(pid);
  return text + (pids.size() > most ? ", ..." : "");
}

} // namespace

InstanceProcesses::InstanceProcesses(ProcessServices& services, std::shared_ptr<const JobClass> job_class,
                                     std::string instance, ProcessEvents& events)
    : services_{services},
      class_{std::move(job_class)},
      events_{events},
      members_{services.groups, services.children, class_->name, instance_} {
  if (!instance.empty()) instance_.edit() = std::move(instance);
}

// The processes are not watched any more when their groups are left.
InstanceProcesses::~InstanceProcesses() {
  services_.left.instance_gone(this);
  searches_.reset();
  main_.reset();
  others_.reset();
}

SpawnedProcess* InstanceProcesses::find(ProcessKind kind) const {
  return kind == ProcessKind::main ? main_.get() : (*others_)[static_cast<std::size_t>(kind)].get();
}

void InstanceProcesses::put(ProcessKind kind, std::unique_ptr<SpawnedProcess> process) {
  (kind == ProcessKind::main ? main_ : others_.edit()[static_cast<std::size_t>(kind)]) = std::move(process);
}

std::unique_ptr<SpawnedProcess> InstanceProcesses::take(ProcessKind kind) {
  if (kind == ProcessKind::main) return std::move(main_);
  auto process = std::move(others_.edit()[static_cast<std::size_t>(kind)]);
  others_.tidy();
  return process;
}

std::vector<SpawnedProcess*> InstanceProcesses::all() const {
  std::vector<SpawnedProcess*> all;
  for (std::size_t kind = 0; kind < process_kinds; ++kind)
    if (auto* process = find(static_cast<ProcessKind>(kind))) all.push_back(process);
  return all;
}

ReadinessResources InstanceProcesses::resources() {
  return {services_.options.expect_timeouts, services_.kept, services_.notify_sockets};
}

std::expected<pid_t, SpawnFailure> InstanceProcesses::spawn(const SpawnRequest& asked) {
  std::optional<SpawnRequest> with_sockets;
  if (!asked.offered.empty()) with_sockets = with_offered_files(asked);
  const auto& request = with_sockets ? *with_sockets : asked;
  ProcessKind kind = request.kind;
  bool is_main = kind == ProcessKind::main;
  if (find(kind) != nullptr) return std::unexpected{SpawnFailure{"unable to start: one is running already"}};
  std::unique_ptr<Readiness> readiness;
  if (is_main) {
    auto made = make_readiness(*class_, *this, resources());
    if (!made) return std::unexpected{made.error()};
    readiness = std::move(*made);
  }
  auto* shared_mounts = class_->sandbox->private_tmp ? &mounts() : nullptr;
  Launch launch{
      {services_, *class_, *instance_, members_, shared_mounts, log_, [this](const std::string& what) { warn(what); }},
      request};
  auto spawned = launch.run(readiness.get());
  if (!spawned) return std::unexpected{spawned.error()};
  pid_t pid = spawned->pid;
  if (is_main) {
    ending_.reset();
    ready_told_ = false;
    main_process_group_ = pid; // it leads a session
    readiness_ = std::move(readiness);
    readiness_goes_on_ = false;
  }
  try {
    put(kind, std::make_unique<SpawnedProcess>(services_.children, std::move(*spawned), kind, owner()));
  } catch (...) { // it is told as one that could not be started: then it must not run on
    ::kill(pid, SIGKILL);
    services_.started.forget(class_->name, *instance_, name_of(kind));
    if (is_main) readiness_.reset();
    throw;
  }
  return pid;
}

// An earlier supervisor may have started a process, and died before it wrote down what that was given.
InstanceMounts& InstanceProcesses::mounts() {
  if (!mounts_) mounts_ = std::make_unique<InstanceMounts>();
  for (std::size_t kind = 0; kind < process_kinds && !mounts_->find(); ++kind)
    if (auto* process = find(static_cast<ProcessKind>(kind));
        process != nullptr && !is_helper(static_cast<ProcessKind>(kind)))
      mounts_->take_from(process->child().pid());
  return *mounts_;
}

void InstanceProcesses::process_executed(ProcessKind kind) {
  base::Lifetime::Observer observer{lifetime_};
  events_.executed(kind);
  if (observer.expired() || kind != ProcessKind::main || !main_) return;
  if (!readiness_) return ready();
  if (std::exchange(readiness_goes_on_, false)) resume_readiness();
  else readiness_->begin();
}

// Of a process that an earlier supervisor has told to end nothing is expected any more.
void InstanceProcesses::resume_readiness() {
  base::Lifetime::Observer observer{lifetime_};
  readiness_->go_on();
  if (!observer.expired() && readiness_ && ending_) readiness_->signalled();
}

// The end of one that was taken up may be told before its readiness goes on, which says what that end means, and before
// what that has seen is told.
void InstanceProcesses::process_ended(ProcessKind kind, int wait_status) {
  base::Lifetime::Observer observer{lifetime_};
  if (kind == ProcessKind::main && readiness_ && std::exchange(readiness_goes_on_, false)) {
    bool was_ready = readiness_->is_ready();
    resume_readiness();
    if (!observer.expired() && was_ready && !ready_told_ && !ending_) ready();
  }
  if (observer.expired()) return;
  if (kind == ProcessKind::main && !main_->failure() && main_goes_on(wait_status)) return;
  if (log_) log_->drain();
  if (kind == ProcessKind::main) readiness_.reset();
  auto process = take(kind);
  services_.started.forget(class_->name, *instance_, name_of(kind));
  bool told_by_ending = kind == ProcessKind::main && ending_ && ending_->has_wait_status();
  if (process->child().end_is_unknown() && !process->failure() && !told_by_ending)
    warn_of(kind,
            "has ended, and how is not known since the job supervisor was not there; taken as failed with status 255");
  if (!process->failure()) look_for_left(kind, wait_status);
  if (process->failure()) events_.not_executed(kind, describe_failure(*class_, kind, *process->failure()));
  else events_.ended(kind, wait_status);
}

// Of one that ended by itself; one that was told to end takes the others with it. `expect readyfd' and `notify' tell of
// a process that becomes a daemon themselves.
void InstanceProcesses::look_for_left(ProcessKind kind, int wait_status) {
  bool is_main = kind == ProcessKind::main;
  if (is_main ? ending_ != nullptr : kind != ProcessKind::pre_start || wait_status == 0) return;
  if (main_ || others_) return;
  bool told_by_expect = class_->expect == Expect::ready_fd || class_->expect == Expect::notify;
  if (is_main && wait_status == 0 && told_by_expect) return;
  if (!members_.has_group() && services_.children.orphans().empty()) return;
  auto left = members_.stray_processes();
  if (left.empty()) return;
  services_.left.tell_of(this, left,
                         [&services = services_, job = class_->name, instance = *instance_, kind,
                          end = wait_status == 0 ? "ended with status 0" : "ended",
                          hint = is_main && wait_status == 0 ? hint_for_left(*class_) : ""](const auto& pids) {
                           warn_in(services, job, instance, kind,
                                   std::format("{} and left {} {} behind ({}), which nobody supervises{}", end,
                                               pids.size(), pids.size() == 1 ? "process" : "processes", first_of(pids),
                                               hint));
                         });
}

// True when another process has taken main's place, or may have done so. Else `wait_status` becomes main's own.
bool InstanceProcesses::main_goes_on(int& wait_status) {
  MainEnd meaning = readiness_ ? readiness_->main_ended(wait_status) : MainEnd::end;
  if (meaning == MainEnd::undecided) decide_later(wait_status);
  if (meaning != MainEnd::end) return true;
  if (!ending_) return false;
  if (ending_->strays == MainEnding::Strays::not_looked_for && (waits_for_rest(wait_status) || waits_for_strays()))
    return true;
  wait_status = ending_->wait_status();
  return false;
}

void InstanceProcesses::decide_later(int wait_status) {
  constexpr std::chrono::milliseconds a_moment{1};
  if (!undecided_)
    undecided_ = std::make_unique<Undecided>(Undecided{
        .timer = base::Timer{services_.loop, [this] { process_ended(ProcessKind::main, undecided_->wait_status); }}});
  undecided_->wait_status = wait_status;
  undecided_->timer.start(a_moment);
}

// One after the other takes main's place, until none is left.
bool InstanceProcesses::waits_for_rest(int wait_status) {
  for (pid_t pid : ending_->ended(wait_status)) {
    auto facts = facts_of(pid);
    if (!facts || facts->ended() || !supervise(pid)) continue;
    events_.left_behind(pid);
    return true;
  }
  return false;
}

// Where no control group shows them. Main's end is told when they have gone; what it left to live on is told now.
bool InstanceProcesses::waits_for_strays() {
  if (members_.has_group() || ending_->scope().mode() != KillMode::all) return false;
  ending_->strays = MainEnding::Strays::looked_for;
  services_.strays.kill_all(members_.known(), ending_->scope(),
                            [this, observer = base::Lifetime::Observer{lifetime_}](std::vector<pid_t> remaining) {
                              if (observer.expired() || !ending_ || !main_) return;
                              ending_->strays = MainEnding::Strays::gone;
                              report_remaining(remaining);
                              process_ended(ProcessKind::main, ending_->wait_status());
                            });
  return true;
}

// What is not needed is not read: a stop should take no time. Those in the instance's own group were not moved to
// another; and `cgroup` and the limits put main into other groups than the supervisor's, which is looked at when main
// is not there any more.
EndScope InstanceProcesses::end_scope(pid_t main) const {
  LoginContext context;
  bool groups_tell = !members_.has_own_group() && (main != ::getpid() || !has_groups(*class_));
  if (class_->kill_mode == KillMode::all) context = login_context_of(main, groups_tell);
  return {class_->kill_mode, main_process_group_, members_.known(), std::move(context)};
}

void InstanceProcesses::signal(ProcessKind kind, int signal_number) {
  if (search(kind) != nullptr) return signal_when_found(kind, signal_number);
  auto* process = find(kind);
  if (process == nullptr) return;
  if (kind == ProcessKind::main) return signal_main(process->child(), signal_number);
  WatchedChild& child = process->child();
  pid_t group = child.process_group();
  if (group == 0) return;
  child.signal_group(group, signal_number);
  if (signal_number != SIGKILL) child.signal_group(group, SIGCONT);
}

// With SIGCONT, without which a process that was stopped does not see it.
void InstanceProcesses::signal_main(WatchedChild& main, int signal_number) {
  if (readiness_) readiness_->signalled();
  pid_t group = main.process_group();
  if (!ending_) {
    if (group > 0) main_process_group_ = group;
    ending_ = std::make_unique<MainEnding>(members_, services_.children, end_scope(main.pid()), class_->kill_signal);
  }
  if (signal_number == SIGKILL) ending_->time_out();
  events_.notes_changed();
  auto send = [&](int number) {
    if (class_->kill_mode == KillMode::process) main.signal(number);
    else if (group > 0) main.signal_group(group, number);
  };
  send(signal_number);
  if (signal_number != SIGKILL) send(SIGCONT);
}

bool InstanceProcesses::supervise(pid_t pid) {
  if (!main_->supervise(pid)) return false;
  if (pid_t group = ::getpgid(pid); group > 0 && !ending_) main_process_group_ = group;
  events_.notes_changed();
  return true;
}

void InstanceProcesses::signal_process(ProcessKind kind, int signal_number) {
  if (auto* process = find(kind)) process->child().signal(signal_number);
}

void InstanceProcesses::kill_strays() {
  services_.left.forget(this);
  for (auto* process : all()) process->child().signal_group(SIGKILL);
  if (!members_.ever_spawned()) return;
  bool strays_gone = ending_ && ending_->strays == MainEnding::Strays::gone;
  EndScope scope = ending_ ? ending_->scope() : end_scope(::getpid());
  if (members_.has_own_group() && scope.mode() == KillMode::all)
    return report_remaining(members_.kill_own_group(scope));
  if (!members_.has_group() && scope.mode() == KillMode::all) {
    if (!strays_gone) services_.strays.kill(members_.known(), std::move(scope));
    return;
  }
  std::vector<pid_t> remaining;
  for (pid_t pid : members_.stray_processes())
    if (auto facts = facts_of(pid); facts && !facts->ended()) {
      if (scope.includes(*facts)) ::kill(pid, SIGKILL);
      else remaining.push_back(pid);
    }
  if (members_.has_own_group()) members_.leave_group();
  report_remaining(remaining);
}

void InstanceProcesses::end_strays(int signal_number, std::chrono::milliseconds grace) {
  services_.left.forget(this);
  if (!members_.ever_spawned()) return;
  EndScope scope = end_scope(::getpid());
  std::vector<pid_t> remaining;
  bool any = false;
  for (pid_t pid : members_.stray_processes()) {
    auto facts = facts_of(pid);
    if (!facts || facts->ended()) continue;
    any = true;
    if (scope.includes(*facts)) tell_to_end(pid, signal_number);
    else remaining.push_back(pid);
  }
  if (!any) return;
  JobMembers members = members_.known();
  if (!members_.has_own_group()) members.group.clear();
  services_.strays.kill_later(std::move(members), std::move(scope), grace);
  if (members_.has_own_group()) members_.leave_group();
  report_remaining(remaining);
}

void InstanceProcesses::report_remaining(const std::vector<pid_t>& pids) {
  if (pids.empty()) return;
  std::string text;
  for (pid_t pid : pids) text += (text.empty() ? "" : ", ") + std::to_string(pid);
  std::string_view why = class_->kill_mode == KillMode::all     ? "login sessions"
                         : class_->kill_mode == KillMode::group ? "kill mode group"
                                                                : "kill mode process";
  warn(std::format("processes {} go on after the stop ({})", text, why));
}

void InstanceProcesses::ready() {
  pid_t pid = child().pid();
  if (std::exchange(ready_told_, true)) events_.moved(pid);
  else events_.ready(pid);
}

void InstanceProcesses::warn(const std::string& what) { warn_of(ProcessKind::main, what); }

void InstanceProcesses::warn_of(ProcessKind kind, const std::string& what) {
  warn_in(services_, class_->name, *instance_, kind, what);
}

} // namespace upstart::supervisor
