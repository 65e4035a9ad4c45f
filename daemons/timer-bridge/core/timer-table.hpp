// All timers that jobs ask for: what is due when, and the events that follow. The decisions of the bridge; it knows no
// clock, which is an argument, and remembers and emits through a port.
//
// Invariant: that a time has passed and the event that told of it are remembered in one change. The times of the wall
// clock that a timer had last are kept by the owner as well, over a restart of the machine (`last_times`).
#pragma once

#include "daemons/bridge/ports/memory.hpp"
#include "daemons/timer-bridge/conditions/timer-condition.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace upstart::timer_bridge {

using Milliseconds = std::chrono::milliseconds;
using PreciseTime = std::chrono::sys_time<Milliseconds>;

// Both clocks at one moment. The monotonic one counts from the start of the machine, is never set, and stands still
// while the machine sleeps.
struct Now {
  PreciseTime wall;
  Milliseconds monotonic;
};

// An event that came to the bridge's notice; ids only grow.
struct SeenEvent {
  std::uint64_t id;
  std::string name;
  PreciseTime time;
};

struct TimerReport {
  std::string condition; // "EVERY=15m"
  std::vector<std::string> jobs;
  std::optional<PreciseTime> next, last;
  unsigned missed = 0; // by the last one
};

// More than twenty methods: six are what can happen, the private ones the steps of a timer's life.
class TimerTable {
public:
  using Records = std::map<std::string, std::string, std::less<>>;
  using LastTimes = std::map<std::string, WallTime>; // by condition
  using Zones = std::function<std::shared_ptr<const Zone>(const std::string& name)>;

  // A time that is told later than this was missed.
  static constexpr std::chrono::seconds grace{60};

  // `records` are those of the bridge before, of this start of the machine, `boot`; `last` those of the one before
  // that.
  TimerTable(bridge::Memory& memory, const Records& records, std::string boot, LastTimes last, Zones zones);

  // What jobs ask for has changed; the first update has all of them. Returns what cannot be served.
  [[nodiscard]] std::vector<bridge::ConditionWarning> jobs_changed(const bridge::ConditionsUpdate& update, Now now);
  // Emits what is due. To be called when the time of `due` has come, and when the clock was set.
  void time_reached(Now now);
  [[nodiscard]] std::optional<PreciseTime> due(Now now) const;

  // The events that timers wait for.
  [[nodiscard]] std::set<std::string> events() const;
  // Whether any came, perhaps to the bridge before.
  [[nodiscard]] bool has_seen_events() const { return last_event_ > 0; }
  // One of them came. One that was told before is ignored.
  void event_seen(const SeenEvent& event, Now now);
  // Those that came before the bridge asked for them: of those, the timers that are new since the last call take what
  // is still to come.
  void events_before(const std::vector<SeenEvent>& events, Now now);
  [[nodiscard]] bool wants_events_before() const { return !new_after_.empty(); }

  [[nodiscard]] const LastTimes& last_times() const { return last_times_; }
  [[nodiscard]] std::vector<TimerReport> report(Now now) const;

private:
  struct Pending { // of AFTER
    std::uint64_t event;
    Milliseconds due; // monotonic
  };
  struct Timer {
    TimerCondition condition;
    std::set<std::string> jobs;
    std::shared_ptr<const Zone> zone;
    Milliseconds base{0};           // EVERY: monotonic, when it was registered
    std::uint64_t passed = 0;       // EVERY: how many times have been
    Milliseconds jitter{0};         // of the next time
    std::optional<WallTime> next{}; // calendar
    std::vector<Pending> pending{}; // AFTER
    std::optional<PreciseTime> last{};
    unsigned missed = 0;
  };

  void drop(const std::string& job);
  void add(const std::string& job, const TimerCondition& condition, Now now);
  void begin(const std::string& key, Timer& timer, Now now);
  void take_up(const std::string& key, Timer& timer, const std::string& bytes);
  void remember(const std::string& key, const Timer& timer);
  void remember_last(const std::string& key, WallTime time);

  [[nodiscard]] static std::optional<Milliseconds> monotonic_due(const Timer& timer);
  void find_next(const std::string& key, Timer& timer, Now now);
  void pass_every(Timer& timer, Now now);
  void pass_calendar(const std::string& key, Timer& timer, Now now);
  void pass_after(Timer& timer, Now now);
  void choose_jitter(Timer& timer);
  void emit(Timer& timer, WallTime time, unsigned missed, Now now);

  bridge::Memory& memory_;
  Records records_; // of the bridge before, until their timers are asked for
  std::string boot_;
  LastTimes last_times_;
  Zones zones_;
  std::map<std::string, Timer> timers_; // by condition
  std::map<std::string, std::set<std::string>> of_job_;
  std::set<std::string> new_after_; // conditions that have not been offered what came before them
  std::uint64_t last_event_ = 0;
  bool first_update_ = true;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace upstart::timer_bridge
