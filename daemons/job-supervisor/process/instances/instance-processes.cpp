#include "daemons/job-supervisor/process/instances/instance-processes.hpp"

#include "daemons/job-supervisor/process/instances/real-processes.hpp"
#include "daemons/job-supervisor/process/spawn/script-file.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <format>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;
using Done = std::expected<void, SpawnFailure>;

constexpr const char* profile_loader = "/sbin/apparmor_parser";
constexpr const char* tmpfiles_program = "systemd-tmpfiles";

std::optional<CommandLine> command_for(const JobClass& job_class, const SpawnRequest& request) {
  if (!job_class.has(request.kind)) return std::nullopt;
  if (request.kind == ProcessKind::security) {
    return CommandLine{.arguments = {profile_loader, "-r", "-W", job_class.apparmor_load}, .script = {}};
  }
  if (request.kind == ProcessKind::tmpfiles) {
    CommandLine line{.arguments = {tmpfiles_program, "--create", "--remove", "--boot"}, .script = {}};
    line.arguments.insert(line.arguments.end(), job_class.tmpfiles.begin(), job_class.tmpfiles.end());
    return line;
  }
  CommandLine line = command_line(*job_class.command(request.kind), request.parameters, request.files.size());
  return line.arguments.empty() ? std::nullopt : std::optional{std::move(line)};
}

SpawnFailure describe_failure(ProcessKind kind, const ChildFailure& failure) {
  SpawnFailure described = describe(failure);
  if (kind == ProcessKind::tmpfiles && failure.step == SpawnStep::execute)
    described.reason += std::format(" (the stanza tmpfiles needs the program {})", tmpfiles_program);
  return described;
}

} // namespace

InstanceProcesses::InstanceProcesses(RealProcesses& processes, std::shared_ptr<const JobClass> job_class,
                                     std::string instance, ProcessEvents& events)
    : all_{processes},
      class_{std::move(job_class)},
      instance_{std::move(instance)},
      events_{events},
      alive_{std::make_shared<InstanceProcesses*>(this)} {}

InstanceProcesses::~InstanceProcesses() {
  processes_ = {};
  leave_group();
  for (const std::string& directory : stanza_directories_) all_.groups().remove(directory);
}

std::expected<pid_t, SpawnFailure> InstanceProcesses::spawn(const SpawnRequest& request) {
  if (slot(request.kind)) return std::unexpected{SpawnFailure{"unable to start: one is running already"}};
  auto command = command_for(*class_, request);
  if (!command) return std::unexpected{SpawnFailure{"unable to execute: no command"}};
  LaunchResources resources;
  begin_membership(request);
  if (auto done = prepare_readiness(request, resources); !done) return std::unexpected{done.error()};
  SpawnPlan plan = make_plan(*class_, request, *command, all_.defaults(), resources.extras);
  for (auto step : {connect_streams(plan, resources), provide_script(plan, *command, resources),
                    enter_groups(plan, request, resources)})
    if (!step) return std::unexpected{step.error()};
  auto spawned = spawn_child(plan, resources.group.get());
  if (!spawned) return std::unexpected{spawned.error()};
  if (!spawned->in_group) leave_group();
  pid_t pid = spawned->pid;
  if (request.kind == ProcessKind::main) ending_.reset();
  members_.sessions.push_back(pid);
  if (request.kind == ProcessKind::main) readiness_ = std::move(resources.readiness);
  watch(request.kind, std::move(*spawned));
  return pid;
}

// The sessions of earlier processes are forgotten but for the last few: their orphans are known by other marks, too.
void InstanceProcesses::begin_membership(const SpawnRequest& request) {
  constexpr std::size_t most_sessions = 16;
  if (members_.since == 0) members_.since = ticks_since_boot();
  if (members_.sessions.size() >= most_sessions) members_.sessions.erase(members_.sessions.begin());
  members_.marks.clear();
  for (const std::string& entry : request.environment)
    if (entry.starts_with("UPSTART_JOB=") || entry.starts_with("UPSTART_INSTANCE=")) members_.marks.push_back(entry);
}

Done InstanceProcesses::prepare_readiness(const SpawnRequest& request, LaunchResources& resources) {
  if (request.kind != ProcessKind::main) return {};
  ready_told_ = false;
  auto readiness = make_readiness(*class_, *this, all_.expect_timeouts());
  if (!readiness) return std::unexpected{readiness.error()};
  resources.readiness = std::move(*readiness);
  if (resources.readiness) resources.readiness->prepare(resources.extras);
  return {};
}

Done InstanceProcesses::connect_streams(SpawnPlan& plan, LaunchResources& resources) {
  int output = all_.null_device();
  if (plan.console == Console::log && all_.logs().enabled()) {
    if (!log_) log_ = all_.logs().open(class_->name, instance_);
    auto opened = log_->open_for_process();
    if (!opened) return std::unexpected{unable_to("open the log's terminal", opened.error())};
    resources.console = std::move(*opened);
    output = resources.console.get();
  }
  plan.put(all_.null_device(), STDIN_FILENO);
  plan.put(output, STDOUT_FILENO);
  plan.put(output, STDERR_FILENO);
  return {};
}

Done InstanceProcesses::provide_script(SpawnPlan& plan, const CommandLine& command, LaunchResources& resources) {
  if (command.script_descriptor < 0) return {};
  auto file = script_file(command.script);
  if (!file) return std::unexpected{unable_to("hold the script", file.error())};
  resources.script = std::move(*file);
  plan.put(resources.script.get(), command.script_descriptor);
  return {};
}

// The job's own group in the v2 tree is the one of its `cgroup` stanza where that lies there.
Done InstanceProcesses::enter_groups(SpawnPlan& plan, const SpawnRequest& request, LaunchResources& resources) {
  if (!class_->control_groups.empty() && all_.control_groups_wanted()) {
    auto made = make_stanza_groups(*class_, instance_, protocol::Environment{request.environment}, group_trees());
    if (!made) return std::unexpected{made.error()};
    resources.stanza_groups = std::move(*made);
    stanza_directories_ = resources.stanza_groups.directories;
    for (const auto& warning : resources.stanza_groups.warnings)
      if (request.kind == ProcessKind::main) warn(warning);
    for (const auto& membership : resources.stanza_groups.memberships) plan.control_groups.push_back(membership.get());
  }
  if (!plan.control_groups.empty()) plan.shares_memory = false; // entering a group of v1 may take a while
  if (!resources.stanza_groups.unified.empty()) members_.group = resources.stanza_groups.unified;
  else if (members_.group.empty()) members_.group = all_.groups().create(class_->name, instance_);
  if (!members_.group.empty())
    resources.group = FileDescriptor{::open(members_.group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return {};
}

void InstanceProcesses::leave_group() {
  if (!members_.group.empty()) all_.groups().remove(members_.group);
  members_.group.clear();
}

void InstanceProcesses::watch(ProcessKind kind, Spawned spawned) {
  auto process = std::make_unique<Process>(kind);
  process->child = std::make_unique<WatchedChild>(all_.children(), spawned.pid, std::move(spawned.pidfd),
                                                  [this, kind](int wait_status) { process_ended(kind, wait_status); });
  process->failure = spawned.failure;
  process->failure_pipe = std::move(spawned.failure_pipe);
  slot(kind) = std::move(process);
  Process& watched = *slot(kind);
  if (watched.failure) return; // told when it is gone
  if (watched.failure_pipe) {
    watched.failure_watcher = std::make_unique<base::FdWatcher>(
        all_.loop(), watched.failure_pipe.get(), [this, kind](unsigned) { learn_whether_executed(*slot(kind)); });
    watched.failure_watcher->watch(base::FdWatcher::readable);
    return;
  }
  all_.loop().defer([alive = Alive{alive_}, kind] {
    if (auto still = alive.lock()) (*still)->tell_executed(kind);
  });
}

// The pipe is closed without a word by a successful exec.
void InstanceProcesses::learn_whether_executed(Process& process) {
  ChildFailure failure;
  ssize_t got = ::read(process.failure_pipe.get(), &failure, sizeof failure);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got == sizeof failure) process.failure = failure;
  process.failure_watcher.reset();
  process.failure_pipe.reset();
  if (!process.failure) tell_executed(process.kind);
}

void InstanceProcesses::tell_executed(ProcessKind kind) {
  auto& process = slot(kind);
  if (!process || process->executed_told || process->failure) return;
  process->executed_told = true;
  Alive alive = alive_;
  events_.executed(kind);
  if (!alive.expired() && kind == ProcessKind::main && slot(kind)) await_readiness();
}

void InstanceProcesses::await_readiness() {
  if (readiness_) readiness_->begin();
  else ready();
}

void InstanceProcesses::process_ended(ProcessKind kind, int wait_status) {
  Alive alive = alive_;
  if (slot(kind)->failure_pipe) learn_whether_executed(*slot(kind));
  else tell_executed(kind);
  if (alive.expired() || !slot(kind)) return;
  if (kind == ProcessKind::main && readiness_ && !slot(kind)->failure && readiness_->main_ended(wait_status)) return;
  if (kind == ProcessKind::main && ending_ && !slot(kind)->failure) {
    if (waits_for_rest(wait_status)) return;
    wait_status = *ending_->wait_status;
  }
  if (log_) log_->drain();
  if (kind == ProcessKind::main) readiness_.reset();
  auto process = std::move(slot(kind));
  if (process->failure) events_.not_executed(kind, describe_failure(kind, *process->failure));
  else events_.ended(kind, wait_status);
}

void InstanceProcesses::signal(ProcessKind kind, int signal_number) {
  auto& process = slot(kind);
  if (!process) return;
  if (kind == ProcessKind::main) {
    if (readiness_) readiness_->signalled();
    if (!ending_) ending_ = Ending{.process_group = ::getpgid(process->child->pid())};
    ending_->out_of_time |= signal_number == SIGKILL;
    kill_rest();
  }
  process->child->signal_group(signal_number);
}

// Keeps the job from being told that main has ended while others of it go on: they have the rest of main's time, each
// in turn in its place.
bool InstanceProcesses::waits_for_rest(int wait_status) {
  auto pids = rest();
  if (!ending_->wait_status) {
    ending_->wait_status = wait_status;
    tell_other_sessions(pids);
  }
  kill_rest(); // also who was made in the last moment
  for (pid_t pid : pids) {
    auto facts = facts_of(pid);
    if (!facts || facts->ended() || !supervise(pid)) continue;
    events_.moved(pid);
    return true;
  }
  return false;
}

// Those whom main left behind. Without a control group only its process group is known well enough to be waited for.
std::vector<pid_t> InstanceProcesses::rest() const {
  bool grouped = has_own_group();
  if (!grouped &&
      (ending_->process_group <= 0 || ending_->process_group == ::getpgrp() || ::kill(-ending_->process_group, 0) < 0))
    return {};
  auto pids = grouped ? members_of(members_.group) : children_of(::getpid());
  std::erase_if(pids, [&](pid_t pid) {
    if (all_.children().is_watched(pid)) return true;
    auto facts = facts_of(pid);
    return !facts || facts->ended() || (!grouped && facts->group != ending_->process_group);
  });
  return pids;
}

void InstanceProcesses::kill_rest() const {
  if (!ending_->out_of_time) return;
  if (has_own_group()) return kill_members(members_.group);
  for (pid_t pid : rest()) ::kill(pid, SIGKILL);
}

// Whoever began a process group of its own has not heard of it.
void InstanceProcesses::tell_other_sessions(const std::vector<pid_t>& pids) const {
  for (pid_t pid : pids)
    if (::getpgid(pid) != ending_->process_group) ::kill(pid, class_->kill_signal);
}

// A group that the class names may hold others, too.
bool InstanceProcesses::has_own_group() const {
  return !members_.group.empty() && !std::ranges::contains(stanza_directories_, members_.group);
}

void InstanceProcesses::signal_process(ProcessKind kind, int signal_number) {
  if (auto& process = slot(kind)) process->child->signal(signal_number);
}

void InstanceProcesses::kill_leftovers() {
  for (auto& process : processes_)
    if (process) process->child->signal_group(SIGKILL);
  if (has_own_group()) {
    kill_group_for_good(members_.group);
    leave_group();
  } else if (!members_.group.empty()) {
    for (pid_t pid : leftovers()) ::kill(pid, SIGKILL);
  } else if (members_.since != 0) all_.leftovers().kill(members_);
}

void InstanceProcesses::end_leftovers(int signal_number, std::chrono::milliseconds grace) {
  if (members_.since == 0) return;
  auto pids = leftovers();
  if (pids.empty()) return;
  for (pid_t pid : pids) ::kill(pid, signal_number);
  JobMembers members = members_;
  if (!has_own_group()) members.group.clear();
  all_.leftovers().kill_later(std::move(members), grace);
  if (has_own_group()) leave_group();
}

// Whoever is of the job without being watched. In a group that the class names only those that are known by other
// marks.
std::vector<pid_t> InstanceProcesses::leftovers() const {
  std::vector<pid_t> pids;
  if (members_.group.empty()) {
    for (const auto& orphan : orphans_of(members_, all_.children())) pids.push_back(orphan.pid);
    return pids;
  }
  for (pid_t pid : members_of(members_.group)) {
    auto facts = facts_of(pid);
    if (!facts || all_.children().is_watched(pid)) continue;
    if (has_own_group() || belongs_to(members_, *facts)) pids.push_back(pid);
  }
  return pids;
}

Children& InstanceProcesses::children() { return all_.children(); }

bool InstanceProcesses::supervise(pid_t pid) {
  FileDescriptor pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!pidfd) return false;
  slot(ProcessKind::main)->child =
      std::make_unique<WatchedChild>(all_.children(), pid, std::move(pidfd),
                                     [this](int wait_status) { process_ended(ProcessKind::main, wait_status); });
  return true;
}

void InstanceProcesses::ready() {
  pid_t pid = child().pid();
  if (std::exchange(ready_told_, true)) events_.moved(pid);
  else events_.ready(pid);
}

void InstanceProcesses::status_text(const std::string& text) { events_.status(text); }

void InstanceProcesses::warn(const std::string& what) {
  std::string name = class_->name + (instance_.empty() ? "" : " (" + instance_ + ")");
  all_.warn(std::format("{} {} process: {}", name, name_of(ProcessKind::main), what));
}

} // namespace upstart::supervisor
