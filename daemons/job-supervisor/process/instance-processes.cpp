#include "daemons/job-supervisor/process/instance-processes.hpp"

#include "daemons/job-supervisor/process/real-processes.hpp"
#include "daemons/job-supervisor/process/script-file.hpp"

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using protocol::FileDescriptor;

constexpr const char* profile_loader = "/sbin/apparmor_parser";

std::optional<CommandLine> command_for(const JobClass& job_class, const SpawnRequest& request) {
  if (request.kind == ProcessKind::security) {
    if (job_class.apparmor_load.empty()) return std::nullopt;
    return CommandLine{.arguments = {profile_loader, "-r", "-W", job_class.apparmor_load}, .script = {}};
  }
  const auto& command = job_class.command(request.kind);
  if (!command) return std::nullopt;
  CommandLine line = command_line(*command, request.parameters, request.files.size());
  return line.arguments.empty() ? std::nullopt : std::optional{std::move(line)};
}

} // namespace

InstanceProcesses::InstanceProcesses(RealProcesses& processes, std::shared_ptr<const JobClass> job_class, std::string instance,
                                     ProcessEvents& events)
    : all_{processes}, class_{std::move(job_class)}, instance_{std::move(instance)}, events_{events},
      alive_{std::make_shared<InstanceProcesses*>(this)} {}

InstanceProcesses::~InstanceProcesses() = default;

std::expected<pid_t, SpawnFailure> InstanceProcesses::spawn(const SpawnRequest& request) {
  if (slot(request.kind)) return std::unexpected{SpawnFailure{"unable to start: one is running already"}};
  auto command = command_for(*class_, request);
  if (!command) return std::unexpected{SpawnFailure{"unable to execute: no command"}};
  SpawnPlan plan = make_plan(*class_, request, *command, all_.defaults());
  FileDescriptor console, script;
  if (auto connected = connect_standard_streams(plan, console); !connected) return std::unexpected{connected.error()};
  if (command->script_descriptor >= 0) {
    auto file = script_file(command->script);
    if (!file) return std::unexpected{unable_to("hold the script", file.error())};
    script = std::move(*file);
    plan.put(script.get(), command->script_descriptor);
  }
  auto spawned = spawn_child(plan);
  if (!spawned) return std::unexpected{spawned.error()};
  pid_t pid = spawned->pid;
  watch(request.kind, std::move(*spawned));
  return pid;
}

std::expected<void, SpawnFailure> InstanceProcesses::connect_standard_streams(SpawnPlan& plan, FileDescriptor& console) {
  int output = all_.null_device();
  if (plan.console == Console::log && all_.logs().enabled()) {
    if (!log_) log_ = all_.logs().open(class_->name, instance_);
    auto opened = log_->open_for_process();
    if (!opened) return std::unexpected{unable_to("open the log's terminal", opened.error())};
    console = std::move(*opened);
    output = console.get();
  }
  plan.put(all_.null_device(), STDIN_FILENO);
  plan.put(output, STDOUT_FILENO);
  plan.put(output, STDERR_FILENO);
  return {};
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
    watched.failure_watcher = std::make_unique<protocol::FdWatcher>(all_.loop(), watched.failure_pipe.get(),
                                                                    [this, kind](unsigned) { learn_whether_executed(*slot(kind)); });
    watched.failure_watcher->watch(protocol::FdWatcher::readable);
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
  pid_t pid = process->child->pid();
  Alive alive = alive_;
  events_.executed(kind);
  if (alive.expired() || kind != ProcessKind::main || !slot(kind)) return;
  events_.ready(pid);
}

void InstanceProcesses::process_ended(ProcessKind kind, int wait_status) {
  Alive alive = alive_;
  if (slot(kind)->failure_pipe) learn_whether_executed(*slot(kind));
  else tell_executed(kind);
  if (alive.expired() || !slot(kind)) return;
  if (log_) log_->drain();
  auto process = std::move(slot(kind));
  if (process->failure) events_.not_executed(kind, describe(*process->failure));
  else events_.ended(kind, wait_status);
}

void InstanceProcesses::signal(ProcessKind kind, int signal_number) {
  if (auto& process = slot(kind)) process->child->signal_group(signal_number);
}

void InstanceProcesses::signal_process(ProcessKind kind, int signal_number) {
  if (auto& process = slot(kind)) process->child->signal(signal_number);
}

void InstanceProcesses::kill_leftovers() {
  for (auto& process : processes_)
    if (process) process->child->signal_group(SIGKILL);
}

} // namespace upstart::supervisor
