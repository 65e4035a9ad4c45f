#include "daemons/job-supervisor/process/instances/instance-processes.hpp"

#include "daemons/job-supervisor/process/instances/launch.hpp"
#include "daemons/job-supervisor/process/readiness/make-readiness.hpp"

#include <algorithm>
#include <csignal>
#include <format>
#include <utility>

namespace upstart::supervisor {

InstanceProcesses::InstanceProcesses(ProcessServices& services, std::shared_ptr<const JobClass> job_class,
                                     std::string instance, ProcessEvents& events)
    : services_{services},
      class_{std::move(job_class)},
      instance_{std::move(instance)},
      events_{events},
      members_{services.groups, services.children},
      alive_{std::make_shared<InstanceProcesses*>(this)} {}

// The processes are not watched any more when their groups are left.
InstanceProcesses::~InstanceProcesses() { processes_ = {}; }

std::expected<pid_t, SpawnFailure> InstanceProcesses::spawn(const SpawnRequest& request) {
  ProcessKind kind = request.kind;
  bool is_main = kind == ProcessKind::main;
  if (slot(kind)) return std::unexpected{SpawnFailure{"unable to start: one is running already"}};
  std::unique_ptr<Readiness> readiness;
  if (is_main) {
    auto made = make_readiness(*class_, *this, services_.options.expect_timeouts);
    if (!made) return std::unexpected{made.error()};
    readiness = std::move(*made);
  }
  Launch launch{{services_, *class_, instance_, members_, log_, [this](const std::string& what) { warn(what); }},
                request};
  auto spawned = launch.run(readiness.get());
  if (!spawned) return std::unexpected{spawned.error()};
  pid_t pid = spawned->pid;
  if (is_main) {
    ending_.reset();
    ready_told_ = false;
    readiness_ = std::move(readiness);
  }
  slot(kind) = std::make_unique<SpawnedProcess>(
      services_.children, std::move(*spawned),
      SpawnedProcess::Calls{.executed = [this, kind] { executed(kind); },
                            .ended = [this, kind](int wait_status) { ended(kind, wait_status); }});
  return pid;
}

void InstanceProcesses::executed(ProcessKind kind) {
  Alive alive = alive_;
  events_.executed(kind);
  if (alive.expired() || kind != ProcessKind::main || !slot(kind)) return;
  if (readiness_) readiness_->begin();
  else ready();
}

void InstanceProcesses::ended(ProcessKind kind, int wait_status) {
  if (kind == ProcessKind::main && !slot(kind)->failure() && main_goes_on(wait_status)) return;
  if (log_) log_->drain();
  if (kind == ProcessKind::main) readiness_.reset();
  auto process = std::move(slot(kind));
  if (process->failure()) events_.not_executed(kind, describe_failure(kind, *process->failure()));
  else events_.ended(kind, wait_status);
}

// True when another process has taken main's place. Else `wait_status` becomes main's own.
bool InstanceProcesses::main_goes_on(int& wait_status) {
  if (readiness_ && readiness_->main_ended(wait_status)) return true;
  if (!ending_) return false;
  if (waits_for_rest(wait_status)) return true;
  wait_status = ending_->wait_status();
  return false;
}

// One after the other takes main's place, until none is left.
bool InstanceProcesses::waits_for_rest(int wait_status) {
  for (pid_t pid : ending_->ended(wait_status)) {
    auto facts = facts_of(pid);
    if (!facts || facts->ended() || !supervise(pid)) continue;
    events_.moved(pid);
    return true;
  }
  return false;
}

void InstanceProcesses::signal(ProcessKind kind, int signal_number) {
  auto& process = slot(kind);
  if (!process) return;
  if (kind == ProcessKind::main) {
    if (readiness_) readiness_->signalled();
    if (!ending_) ending_.emplace(members_, services_.children, process->child().pid(), class_->kill_signal);
    if (signal_number == SIGKILL) ending_->time_out();
  }
  process->child().signal_group(signal_number);
}

void InstanceProcesses::signal_process(ProcessKind kind, int signal_number) {
  if (auto& process = slot(kind)) process->child().signal(signal_number);
}

void InstanceProcesses::kill_leftovers() {
  for (auto& process : processes_)
    if (process) process->child().signal_group(SIGKILL);
  if (members_.has_own_group()) {
    kill_group_for_good(members_.known().group);
    members_.leave_group();
  } else if (!members_.known().group.empty()) {
    for (pid_t pid : members_.stray_processes()) ::kill(pid, SIGKILL);
  } else if (members_.ever_spawned()) services_.strays.kill(members_.known());
}

void InstanceProcesses::end_leftovers(int signal_number, std::chrono::milliseconds grace) {
  if (!members_.ever_spawned()) return;
  auto pids = members_.stray_processes();
  if (pids.empty()) return;
  for (pid_t pid : pids) ::kill(pid, signal_number);
  JobMembers members = members_.known();
  if (!members_.has_own_group()) members.group.clear();
  services_.strays.kill_later(std::move(members), grace);
  if (members_.has_own_group()) members_.leave_group();
}

void InstanceProcesses::ready() {
  pid_t pid = child().pid();
  if (std::exchange(ready_told_, true)) events_.moved(pid);
  else events_.ready(pid);
}

void InstanceProcesses::warn(const std::string& what) {
  std::string name = class_->name + (instance_.empty() ? "" : " (" + instance_ + ")");
  services_.warn(std::format("{} {} process: {}", name, name_of(ProcessKind::main), what));
}

} // namespace upstart::supervisor
