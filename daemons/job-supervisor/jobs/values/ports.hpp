// What the jobs need of the world, each a small interface with a real implementation (api/, process/), one for the
// simulation and one for tests: processes (process/processes.hpp), the event broker, a clock, somebody to tell what
// happened, a log.
#pragma once

#include "daemons/job-supervisor/jobs/values/notice.hpp"
#include "daemons/job-supervisor/lifecycle/effect.hpp"
#include "daemons/job-supervisor/process/processes.hpp"
#include "protocol/environment.hpp"
#include "protocol/job-action.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

// An event that is emitted here, until it has finished; from 1.
using EmissionId = std::uint64_t;

struct Event {
  std::string name;
  protocol::Environment environment = {};
  SharedFiles files = {};
  std::vector<std::string> as_given = {}; // the environment that a client gave, where a key comes twice in it
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
  // An event that somebody wants: ordered by the broker, handed to its handlers, this daemon among them.
  // Jobs::emission_finished is called once, when no handler blocks it any more.
  virtual void emit(EmissionId id, const Event& event, Origin origin) = 0;
  // An event that nobody wants: for the broker's order and history only.
  virtual void record(const Event& event, Origin origin) = 0;
  // No job blocks this handled event any more; `actions` is what it brought about.
  virtual void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& actions) = 0;
  // Event names that jobs began or ceased to wait for.
  virtual void subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) = 0;
  [[nodiscard]] virtual bool wanted_by_others(const std::string& event) const = 0;
  // The broker has said what others want, once. When it does: Jobs::broker_attached.
  [[nodiscard]] virtual bool knows_others() const { return true; }
  // What is emitted now reaches the broker soon, as far as is known.
  [[nodiscard]] virtual bool is_connected() const { return true; }
};

class Alarm {
public:
  virtual ~Alarm() = default; // cancels
};

class Clock {
public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonotonicTime now() const = 0;
  // The same clock, as finely as it is known.
  [[nodiscard]] virtual std::chrono::microseconds now_exactly() const { return now(); }
  [[nodiscard]] virtual std::unique_ptr<Alarm> after(std::chrono::milliseconds time, std::function<void()> action) = 0;
  // Calls back from the loop, soon, and not from within the caller.
  virtual void later(std::function<void()> action) = 0;
};

class Observer {
public:
  virtual ~Observer() = default;
  virtual void tell(const Notice& notice) = 0;
};

class Log {
public:
  virtual ~Log() = default;
  virtual void write(Severity severity, const std::string& text) = 0;
};

// Where what must not be forgotten is written down: records by key (records/records.hpp).
class Memory {
public:
  virtual ~Memory() = default;
  virtual void put(std::string_view key, std::string_view bytes) = 0;
  virtual void erase(std::string_view key) = 0;
  // All that is to be remembered: calls its argument with every key and its bytes.
  using Put = std::function<void(std::string_view key, std::string_view bytes)>;
  using All = std::function<void(const Put&)>;
  // What was put and erased is there when this returns, all of it together; `all` is asked for when the memory is put
  // in order. Where it cannot be written that is the memory's to tell, and to make good.
  virtual void write(const All& all) = 0;
  // The same, and nothing else is there any more.
  virtual void rewrite(const All& all) = 0;
  // Descriptors cannot be written down: a copy is kept outside this process under the id, until it is forgotten.
  virtual void keep_file(FileId id, const base::FileDescriptor& file) = 0;
  virtual void forget_file(FileId id) = 0;
};

struct Ports {
  Processes& processes;
  EventSink& events;
  Clock& clock;
  Observer& observer;
  Log& log;
  Memory* memory = nullptr; // nothing: what happens is forgotten with this process
};

} // namespace upstart::supervisor
