#include "daemons/job-supervisor/jobs/job.hpp"

#include "daemons/job-supervisor/jobs/job-manager.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <format>

namespace upstart::supervisor {

namespace {

const char* failure_message(CommandKind kind) {
  switch (kind) {
  case CommandKind::start: return "Job failed to start";
  case CommandKind::stop: return "Job failed while stopping";
  case CommandKind::restart: return "Job failed to restart";
  }
  return "";
}

} // namespace

std::string signal_name(int signal_number) {
  const char* name = ::sigabbrev_np(signal_number);
  return name != nullptr ? name : std::to_string(signal_number);
}

protocol::Environment result_environment(const std::optional<Failure>& failure) {
  protocol::Environment environment;
  environment.set("RESULT", failure ? "failed" : "ok");
  if (!failure) return environment;
  environment.set("PROCESS", failure->process ? name_of(*failure->process) : "respawn");
  if (!failure->wait_status) return environment;
  int status = *failure->wait_status;
  if (WIFSIGNALED(status)) environment.set("EXIT_SIGNAL", signal_name(WTERMSIG(status)));
  else environment.set("EXIT_STATUS", std::to_string(WEXITSTATUS(status)));
  return environment;
}

// A hook's RESULT is that of its own job, never that of another which came with an event. After a clean end nothing is
// told where nothing was: that is what the original shows.
void tell_result(protocol::Environment& environment, const std::optional<Failure>& failure) {
  bool foreign = environment.contains("RESULT");
  for (const char* key : {"RESULT", "PROCESS", "EXIT_STATUS", "EXIT_SIGNAL"}) environment.unset(key);
  if (failure || foreign) environment.merge(result_environment(failure));
}

Job::Job(JobManager& manager, ClassEntry& entry, std::shared_ptr<const JobClass> job_class, std::string instance)
    : manager_{manager},
      entry_{entry},
      class_{std::move(job_class)},
      instance_{std::move(instance)},
      machine_{*class_},
      processes_{manager.ports().processes.open(class_, instance_, *this)},
      stop_on_{manager.index(), entry, this} {}

Job::~Job() = default;

std::string Job::title() const { return instance_.empty() ? class_->name : class_->name + " (" + instance_ + ")"; }
std::string Job::path() const { return protocol::instance_path(class_->name, instance_); }

void Job::start(std::optional<StartGift> gift) {
  release(false);
  if (gift) gift_ = std::move(gift);
  carry_out(machine_.change_goal(Goal::start));
}

void Job::stop(protocol::Environment stop_environment) {
  release(false);
  stop_environment_ = std::move(stop_environment);
  carry_out(machine_.change_goal(Goal::stop));
}

void Job::restart(std::optional<StartGift> gift) {
  release(false);
  if (gift) gift_ = std::move(gift);
  stop_environment_.clear();
  carry_out(machine_.restart());
}

void Job::start_because_of(const std::vector<EventPointer>& events, StartGift gift) {
  release(false);
  block(events);
  gift_ = std::move(gift);
  carry_out(machine_.change_goal(Goal::start));
}

void Job::stop_because_of(const std::vector<EventPointer>& events, protocol::Environment stop_environment) {
  release(false);
  block(events);
  stop_environment_ = std::move(stop_environment);
  carry_out(machine_.change_goal(Goal::stop));
}

void Job::block(const std::vector<EventPointer>& events) {
  for (const auto& event : events) {
    event->block();
    events_.push_back(event);
  }
}

void Job::wait(CommandKind kind, Reply reply) { waiters_.push_back({kind, std::move(reply)}); }

bool Job::reload() {
  if (!pids_.contains(ProcessKind::main)) return false;
  processes_->signal_process(ProcessKind::main, class_->reload_signal);
  return true;
}

void Job::kill_all() {
  for (const auto& [kind, pid] : pids_) processes_->signal(kind, SIGKILL);
}

void Job::environment_changed() {
  for (const auto& event : stop_on_.set_expression(class_->stop_on, class_, environment_))
    manager_.unblock(event, false);
}

void Job::event_finished() { carry_out(machine_.event_finished()); }

void Job::executed(ProcessKind) {}

void Job::not_executed(ProcessKind kind, const SpawnFailure& failure) {
  could_not_spawn(kind, failure);
  manager_.settle();
}

void Job::ready(pid_t pid) {
  pids_[ProcessKind::main] = pid;
  carry_out(machine_.ready());
  manager_.settle();
}

void Job::moved(pid_t pid) { pids_[ProcessKind::main] = pid; }

void Job::ended(ProcessKind kind, int wait_status) {
  report_end(kind, wait_status);
  pids_.erase(kind);
  if (kind == ProcessKind::main) status_text_.clear();
  carry_out(machine_.ended(kind, wait_status, manager_.ports().clock.now()));
  if (auto failure = machine_.failure(); kind == ProcessKind::main && failure && !failure->process)
    entry_.respawn_limit_end = wait_status;
  manager_.settle();
}

void Job::could_not_spawn(ProcessKind kind, const SpawnFailure& failure) {
  spdlog::warn("Failed to spawn {} {} process: {}", title(), name_of(kind), failure.reason);
  entry_.spawn_failure =
      std::make_unique<const std::string>(std::format("{} process: {}", name_of(kind), failure.reason));
  pass_over(kind, "could not be started: " + failure.reason);
  pids_.erase(kind);
  carry_out(machine_.not_executed(kind));
}

void Job::report_end(ProcessKind kind, int wait_status) {
  if (wait_status == 0) return;
  auto pid = pids_.contains(kind) ? pids_.at(kind) : 0;
  bool asked = kind == ProcessKind::main && machine_.state() == State::killed;
  auto level = asked ? spdlog::level::info : spdlog::level::warn;
  auto how = WIFSIGNALED(wait_status) ? std::format("killed by {} signal", signal_name(WTERMSIG(wait_status)))
                                      : std::format("terminated with status {}", WEXITSTATUS(wait_status));
  spdlog::log(level, "{} {} process ({}) {}", title(), name_of(kind), pid, how);
  pass_over(kind, how);
}

// The outcome of some processes changes nothing; whoever asks is told of it nevertheless.
void Job::pass_over(ProcessKind kind, const std::string& how) {
  bool ignored = kind == ProcessKind::post_start || kind == ProcessKind::pre_stop || kind == ProcessKind::security;
  if (ignored) passed_over_.push_back(std::format("{} process {}", name_of(kind), how));
}

void Job::carry_out(const Actions& actions) {
  for (const auto& action : actions) carry_out(action);
}

void Job::carry_out(const Action& action) {
  using What = Action::What;
  auto& observer = manager_.ports().observer;
  switch (action.what) {
  case What::goal_changed: return observer.goal_changed(class_->name, instance_, action.goal);
  case What::state_changed: return observer.state_changed(class_->name, instance_, action.state);
  case What::failed: return observer.failed(class_->name, instance_, action.status);
  case What::take_start_environment: return take_start_environment();
  case What::drop_stop_environment: return stop_environment_.clear();
  case What::emit_starting: return emit("starting", true);
  case What::emit_started: return emit("started", false);
  case What::emit_stopping: return emit("stopping", true);
  case What::emit_stopped: return emit("stopped", false);
  case What::release: return release(false);
  case What::release_failed: return release(true);
  case What::spawn: return spawn(action.process);
  case What::terminate: return processes_->signal(action.process, class_->kill_signal);
  case What::kill: return processes_->signal(action.process, SIGKILL);
  case What::kill_leftovers: return processes_->kill_leftovers();
  case What::end_leftovers: return processes_->end_leftovers(class_->kill_signal, class_->kill_timeout);
  case What::start_kill_timer: return start_kill_timer();
  case What::stop_kill_timer: return kill_timer_.reset();
  case What::report_respawn: return spdlog::warn("{} {} process ended, respawning", title(), name_of(action.process));
  case What::report_too_fast: return spdlog::warn("{} respawning too fast, stopped", title());
  case What::remove: return manager_.job_gone(*this);
  }
}

void Job::take_start_environment() {
  if (gift_) {
    environment_ = std::move(gift_->environment);
    files_ = std::move(gift_->files);
    parameters_ = std::move(gift_->parameters);
    gift_.reset();
  }
  stop_environment_.clear();
  passed_over_.clear();
  environment_changed();
}

void Job::release(bool failed) {
  auto waiters = std::exchange(waiters_, {});
  auto events = std::exchange(events_, {});
  for (const auto& event : events) manager_.unblock(event, failed);
  for (const auto& waiter : waiters) {
    if (failed)
      waiter.reply(std::unexpected(CommandError{protocol::error_name::job_failed, failure_message(waiter.kind)}));
    else waiter.reply(path());
  }
}

void Job::spawn(ProcessKind kind) {
  if (kind == ProcessKind::security && !manager_.ports().processes.apparmor_enabled()) {
    return manager_.soon([weak = weak_from_this()] {
      if (auto self = weak.lock()) self->carry_out(self->machine_.ended(ProcessKind::security, 0, {}));
    });
  }
  auto pid = processes_->spawn(
      {.kind = kind, .environment = process_environment(kind), .files = files_, .parameters = parameters_});
  if (pid) {
    pids_[kind] = *pid;
    return;
  }
  manager_.soon([weak = weak_from_this(), kind, failure = pid.error()] {
    if (auto self = weak.lock()) self->could_not_spawn(kind, failure);
  });
}

void Job::emit(const char* event, bool wait) {
  bool with_result = machine_.state() == State::stopping || machine_.state() == State::waiting;
  manager_.job_event(*this, event, event_environment(with_result), wait);
}

protocol::Environment Job::event_environment(bool with_result) const {
  protocol::Environment environment;
  environment.set("JOB", class_->name);
  environment.set("INSTANCE", instance_);
  if (with_result) environment.merge(result_environment(machine_.failure()));
  for (const auto& key : class_->exports)
    if (auto value = environment_.get(key); value && !environment.contains(key)) environment.set(key, *value);
  return environment;
}

std::vector<std::string> Job::process_environment(ProcessKind kind) const {
  auto environment = environment_;
  if (kind == ProcessKind::pre_stop || kind == ProcessKind::post_stop) {
    environment.merge(stop_environment_);
    tell_result(environment, machine_.failure());
  }
  environment.set("UPSTART_JOB", class_->name);
  environment.set("UPSTART_INSTANCE", instance_);
  if (!manager_.session_address().empty()) environment.set("UPSTART_SESSION", manager_.session_address());
  return environment.strings();
}

void Job::start_kill_timer() {
  kill_timer_ = manager_.ports().clock.after(class_->kill_timeout, [this] {
    carry_out(machine_.kill_timeout_expired());
    manager_.settle();
  });
}

} // namespace upstart::supervisor
