// What the jobs need of the world, each a small interface with a real implementation (api/, process/) and one for
// tests: a way to the event broker, a clock, and somebody to tell what happened.
#pragma once

#include "daemons/job-supervisor/lifecycle/machine.hpp"
#include "daemons/job-supervisor/process/processes.hpp"
#include "protocol/environment.hpp"
#include "protocol/job-action.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace upstart::supervisor {

using EventId = std::uint64_t;

struct Event {
  std::string name;
  protocol::Environment environment;
  SharedFiles files;
};

// Who emitted an event: a client, or (the default) this daemon itself.
struct Origin {
  std::uint32_t uid = 0;
  std::uint32_t pid = 0;
};

// Towards the event broker. Nothing here waits: the broker's answers come from the loop.
class EventSink {
public:
  virtual ~EventSink() = default;
  // An event that somebody wants: ordered by the broker, handed to its handlers, this daemon among them. `finished`
  // is called once, when no handler blocks it any more, with whether it failed.
  virtual void emit(const Event& event, Origin origin, std::function<void(bool failed)> finished) = 0;
  // An event that nobody wants: for the broker's order and history only.
  virtual void record(const Event& event, Origin origin) = 0;
  // No job blocks this handled event any more.
  virtual void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& done) = 0;
  // Event names that jobs began or ceased to wait for.
  virtual void subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) = 0;
  [[nodiscard]] virtual bool wanted_by_others(const std::string& event) const = 0;
};

class Alarm {
public:
  virtual ~Alarm() = default; // cancels
};

class Clock {
public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonotonicTime now() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Alarm> after(std::chrono::milliseconds time, std::function<void()> action) = 0;
  // Calls back from the loop, soon, and not from within the caller.
  virtual void later(std::function<void()> action) = 0;
};

// Hears of everything that clients may want to know, in the order in which it happens.
class Observer {
public:
  virtual ~Observer() = default;
  virtual void job_added(const std::string& job) = 0;
  virtual void job_removed(const std::string& job) = 0;
  virtual void instance_added(const std::string& job, const std::string& instance) = 0;
  virtual void instance_removed(const std::string& job, const std::string& instance) = 0;
  virtual void goal_changed(const std::string& job, const std::string& instance, Goal goal) = 0;
  virtual void state_changed(const std::string& job, const std::string& instance, State state) = 0;
  virtual void failed(const std::string& job, const std::string& instance, int status) = 0;
  virtual void event_emitted(const std::string& name, const protocol::Environment& environment) = 0;
  // For bridges: conditions on a watched event, and how many instances of a job that has some are there.
  virtual void conditions_changed(const std::string& event, const std::string& job, const EventExpression& start_on,
                                  const EventExpression& stop_on) = 0;
  virtual void activity_changed(const std::string& job, std::size_t active) = 0;
  // All jobs have been stopped at the end of the session.
  virtual void session_ended() = 0;
};

} // namespace upstart::supervisor
