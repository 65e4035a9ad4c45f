#include "daemons/job-supervisor/simulation/simulated-world.hpp"

#include <set>

namespace upstart::supervisor {

namespace {

using Kind = SimulatedStep::Kind;

SimulatedStep step_of(const Event& event) {
  return {.kind = Kind::event, .name = event.name, .environment = event.environment.strings()};
}

std::string text_of(const JobClass& job_class, ProcessKind kind) {
  const auto& command = job_class.command(kind);
  if (kind == ProcessKind::tmpfiles) return "systemd-tmpfiles";
  if (!command) return {};
  return command->script ? "(script)" : command->text;
}

} // namespace

class SimulatedProcesses::Of final : public JobProcesses {
public:
  Of(Agenda& agenda, Steps& steps, std::shared_ptr<const JobClass> job_class, std::string instance,
     ProcessEvents& events)
      : agenda_{agenda}, steps_{steps}, class_{std::move(job_class)}, instance_{std::move(instance)}, events_{events} {}

  std::expected<pid_t, SpawnFailure> spawn(const SpawnRequest& request) override {
    auto kind = request.kind;
    steps_.push_back({.kind = Kind::process,
                      .job = class_->name,
                      .instance = instance_,
                      .name = std::string{name_of(kind)},
                      .text = text_of(*class_, kind)});
    running_.insert(kind);
    add([this, kind] { events_.executed(kind); });
    if (kind == ProcessKind::main) add([this] { events_.ready(pid); });
    if (kind != ProcessKind::main || class_->task) end(kind, 0);
    return pid;
  }
  void signal(ProcessKind kind, int signal_number) override {
    if (signal_number != class_->reload_signal || signal_number == class_->kill_signal) end(kind, signal_number);
  }
  void signal_process(ProcessKind, int) override {}
  void kill_strays() override {}
  void end_strays(int, std::chrono::milliseconds) override {}
  [[nodiscard]] std::string notes() const override { return {}; }

private:
  static constexpr pid_t pid = 1;

  void add(std::function<void()> action) {
    agenda_.add([alive = std::weak_ptr{alive_}, action = std::move(action)] {
      if (alive.lock()) action();
    });
  }
  void end(ProcessKind kind, int wait_status) {
    add([this, kind, wait_status] {
      if (running_.erase(kind) > 0) events_.ended(kind, wait_status);
    });
  }

  Agenda& agenda_;
  Steps& steps_;
  std::shared_ptr<const JobClass> class_;
  std::string instance_;
  ProcessEvents& events_;
  std::set<ProcessKind> running_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

std::unique_ptr<JobProcesses> SimulatedProcesses::open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                                       ProcessEvents& events) {
  return std::make_unique<Of>(agenda_, steps_, std::move(job_class), std::move(instance), events);
}

void SimulatedBroker::emit(EmissionId id, const Event& event, Origin) {
  if (!begun_) return agenda_.add([this, id] { handlers_.finished(id, false); });
  accept(id, event);
}

void SimulatedBroker::accept(EmissionId emission, const Event& event) {
  steps_.push_back(step_of(event));
  auto id = ++last_id_;
  pending_[id] = {event, emission};
  agenda_.add([this, id, event] { handlers_.handle(id, event); });
}

void SimulatedBroker::record(const Event& event, Origin) { steps_.push_back(step_of(event)); }

void SimulatedBroker::finished(EventId id, bool failed, const std::vector<protocol::JobAction>&) {
  auto node = pending_.extract(id);
  if (node.empty()) return; // held since before
  const auto& [event, emission] = node.mapped();
  if (failed && !event.name.ends_with("/failed"))
    accept(0, {.name = event.name + "/failed", .environment = event.environment});
  agenda_.add([this, emission, failed] { handlers_.finished(emission, failed); });
}

void SimulationObserver::tell(const Notice& notice) {
  if (const auto* changed = std::get_if<notice::GoalChanged>(&notice))
    steps_.push_back({.kind = Kind::goal,
                      .job = changed->job,
                      .instance = changed->instance,
                      .name = std::string{name_of(changed->goal)}});
  else if (const auto* moved = std::get_if<notice::StateChanged>(&notice))
    steps_.push_back({.kind = Kind::state,
                      .job = moved->job,
                      .instance = moved->instance,
                      .name = std::string{name_of(moved->state)}});
}

} // namespace upstart::supervisor
