// The ports of the jobs in a world where nothing is real: each does what its real counterpart would in the best case,
// one thing after the other, and notes what it was told to do.
#pragma once

#include "daemons/job-supervisor/simulation/simulation.hpp"

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
  using Handle = std::function<void(EventId, Event)>;
  SimulatedBroker(Agenda& agenda, Steps& steps) : agenda_{agenda}, steps_{steps} {}
  void begin(Handle handle) { handle_ = std::move(handle); }

  void emit(const Event& event, Origin origin, std::function<void(bool failed)> finished) override;
  void record(const Event& event, Origin origin) override;
  void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& done) override;
  void subscribe(const std::vector<std::string>&, const std::vector<std::string>&) override {}
  [[nodiscard]] bool wanted_by_others(const std::string&) const override { return false; }

private:
  struct Pending {
    Event event;
    std::function<void(bool)> finished;
  };
  Agenda& agenda_;
  Steps& steps_;
  Handle handle_;
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

class SimulationObserver final : public Observer {
public:
  explicit SimulationObserver(Steps& steps) : steps_{steps} {}
  void job_added(const std::string&) override {}
  void job_removed(const std::string&) override {}
  void instance_added(const std::string&, const std::string&) override {}
  void instance_removed(const std::string&, const std::string&) override {}
  void goal_changed(const std::string& job, const std::string& instance, Goal goal) override;
  void state_changed(const std::string& job, const std::string& instance, State state) override;
  void failed(const std::string&, const std::string&, int) override {}
  void event_emitted(const std::string&, const protocol::Environment&) override {}
  void conditions_changed(const std::string&, const std::string&, const EventExpression&,
                          const EventExpression&) override {}
  void activity_changed(const std::string&, std::size_t) override {}
  void session_ended() override {}

private:
  Steps& steps_;
};

} // namespace upstart::supervisor
