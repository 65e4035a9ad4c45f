// The shell around the timer table: the clocks, one alarm, the events that timers wait for, and the file that outlives
// the machine's sleep.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "daemons/bridge/event-journal.hpp"
#include "daemons/bridge/event-listener.hpp"
#include "daemons/timer-bridge/clock/alarm.hpp"
#include "daemons/timer-bridge/clock/last-times-file.hpp"
#include "daemons/timer-bridge/core/timer-table.hpp"

namespace upstart::timer_bridge {

class TimerBridge final : public bridge::Bridge {
public:
  explicit TimerBridge(const bridge::Services& services);

  void jobs_changed(const bridge::ConditionsUpdate& update) override;
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  void look();
  void heard(const bridge::HeardEvent& event);
  void ask_for_earlier_events();
  // After each input: what follows is written down, the alarm is set.
  void settle();

  bridge::ConditionWarnings& warnings_;
  bridge::EventJournal memory_;
  LastTimesFile last_times_file_;
  bool unwritable_was_said_ = false;
  TimerTable table_;
  Alarm alarm_;
  bridge::EventListener listener_;
};

} // namespace upstart::timer_bridge
