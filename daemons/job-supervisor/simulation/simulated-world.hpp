// The ports of the jobs in a world where nothing is real: each does what its real counterpart would in the best case,
// one thing after the other, and notes what it was told to do.
#pragma once

#include "daemons/job-supervisor/jobs/values/ports.hpp"
#include "daemons/job-supervisor/simulation/simulated-step.hpp"

#include <deque>
#include <map>

namespace upstart::supervisor {

// What is to happen next, in order: the loop of this world.
class Agenda {
public:
  void add(std::function<void()> action) { actions_.push_back(std::move(action)); }
  // Until nothing is left, or `enough` says so.
  void work_off(const std::function<bool()>& enough) {
    while (!actions_.empty() && !enough()) {
      auto action = std::move(actions_.front());
      actions_.pop_front();
      action();
    }
  }
  void clear() { actions_.clear(); }

private:
  std::deque<std::function<void()>> actions_;
};

using Steps = std::vector<SimulatedStep>;

class SimulatedProcesses final : public Processes {
public:
  SimulatedProcesses(Agenda& agenda, Steps& steps) : agenda_{agenda}, steps_{steps} {}
  std::unique_ptr<JobProcesses> open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                     ProcessEvents& events) override;
  // Nothing is ever written down here, and so nothing taken up again.
  std::unique_ptr<JobProcesses> adopt(std::shared_ptr<const JobClass> job_class, std::string instance,
                                      ProcessEvents& events, const std::string&,
                                      const std::vector<LivingProcess>&) override {
    return open(std::move(job_class), std::move(instance), events);
  }
  void logs_writable() override {}
  [[nodiscard]] bool apparmor_enabled() const override { return false; }

private:
  class Of;
  Agenda& agenda_;
  Steps& steps_;
};

// The broker with the jobs as its only handler. While the situation is set up events go nowhere.
class SimulatedBroker final : public EventSink {
public:
  struct Handlers {
    std::function<void(EventId, Event)> handle;
    std::function<void(EmissionId, bool failed)> finished; // of an emission
  };
  SimulatedBroker(Agenda& agenda, Steps& steps, Handlers handlers)
      : agenda_{agenda}, steps_{steps}, handlers_{std::move(handlers)} {}
  // From now on events are handled.
  void begin() { begun_ = true; }

  void emit(EmissionId id, const Event& event, Origin origin) override;
  void record(const Event& event, Origin origin) override;
  void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& actions) override;
  void subscribe(const std::vector<std::string>&, const std::vector<std::string>&) override {}
  [[nodiscard]] bool wanted_by_others(const std::string&) const override { return false; }

private:
  struct Pending {
    Event event;
    EmissionId emission; // 0: not emitted by the jobs
  };
  void accept(EmissionId emission, const Event& event);
  Agenda& agenda_;
  Steps& steps_;
  Handlers handlers_;
  bool begun_ = false;
  EventId last_id_ = 0;
  std::map<EventId, Pending> pending_;
};

// Time stands still: nothing takes so long that an alarm would go off.
class SimulatedClock final : public Clock {
public:
  explicit SimulatedClock(Agenda& agenda) : agenda_{agenda} {}
  [[nodiscard]] MonotonicTime now() const override { return MonotonicTime{0}; }
  [[nodiscard]] std::unique_ptr<Alarm> after(std::chrono::milliseconds, std::function<void()>) override {
    return std::make_unique<Alarm>();
  }
  void later(std::function<void()> action) override { agenda_.add(std::move(action)); }

private:
  Agenda& agenda_;
};

// Changes of goals and states are steps; all else, also what would be logged, did not happen.
class SimulationObserver final : public Observer, public Log {
public:
  explicit SimulationObserver(Steps& steps) : steps_{steps} {}
  void tell(const Notice& notice) override;
  void write(Severity, const std::string&) override {}

private:
  Steps& steps_;
};

} // namespace upstart::supervisor
