#include "daemons/timer-bridge/timer-bridge.hpp"

#include "daemons/timer-bridge/clock/time-zones.hpp"
#include "daemons/timer-bridge/timer-bridge-object.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <fstream>

namespace upstart::timer_bridge {

namespace {

constexpr unsigned form_of_records = 1;
constexpr const char* name = "timer-bridge";

// By which the monotonic clock of this start of the machine is known.
std::string boot_id() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string id;
  std::getline(file, id);
  return id;
}

// One that is run by hand for another run directory has the system's state directory, but not alone.
LastTimesFile::Sharing sharing(const bridge::Services& services) {
  bool of_system = !services.home && services.run_directory == protocol::run_directory::system;
  return of_system ? LastTimesFile::Sharing::alone : LastTimesFile::Sharing::with_others;
}

SeenEvent seen(const bridge::HeardEvent& event) {
  return {event.id, event.name, std::chrono::time_point_cast<Milliseconds>(event.time)};
}

} // namespace

TimerBridge::TimerBridge(const bridge::Services& services)
    : warnings_{services.warnings},
      memory_{services.loop, services.emitter, services.own_directory, name, form_of_records},
      last_times_file_{state_directory(services.home), sharing(services)},
      table_{memory_, memory_.records(), boot_id(), last_times_file_.read(), zone_of},
      alarm_{services.loop, [this] { look(); }},
      listener_{
          services.loop,
          protocol::daemon_address(services.run_directory, protocol::socket_name::broker),
          name,
          {.heard = [this](const auto& event) { heard(event); }, .attached = [this] { ask_for_earlier_events(); }}} {
  services.object.serve([this](auto& connection, const auto& path) {
    return std::make_unique<TimerBridgeObject>(connection, path, [this] { return table_.report(clocks()); });
  });
}

void TimerBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  warnings_.tell(table_.jobs_changed(update, clocks()));
  if (table_.has_seen_events()) listener_.attach_anyway();
  // A new timer may wait for an event that is heard of already, for another one.
  if (!listener_.want(table_.events())) ask_for_earlier_events();
  look();
}

void TimerBridge::look() {
  table_.time_reached(clocks());
  settle();
}

void TimerBridge::settle() {
  alarm_.set(table_.due(clocks()));
  auto written = last_times_file_.write(table_.last_times());
  if (!written && !std::exchange(unwritable_was_said_, true))
    spdlog::warn("{}; times that pass while the machine is off are not made up for", written.error());
}

// The broker gives it again until it is written down here.
void TimerBridge::heard(const bridge::HeardEvent& event) {
  table_.event_seen(seen(event), clocks());
  memory_.commit();
  listener_.have(event.id);
  settle();
}

// A job that waits for an event is often loaded when the event has just come: startup comes before any bridge.
void TimerBridge::ask_for_earlier_events() {
  if (!table_.wants_events_before()) return;
  listener_.ask_history([this](const auto& events) {
    std::vector<SeenEvent> earlier;
    for (const auto& event : events) earlier.push_back(seen(event));
    table_.events_before(earlier, clocks());
    settle();
  });
}

std::vector<bridge::Watch> TimerBridge::watches() const {
  std::vector<bridge::Watch> result;
  for (const auto& timer : table_.report(clocks())) {
    bridge::Watch watch{.what = "timer " + timer.condition, .jobs = timer.jobs};
    if (timer.next)
      watch.state = "due " + iso_8601(std::chrono::floor<std::chrono::seconds>(*timer.next), *zone_of(""));
    else watch.state = timer.condition.starts_with("AFTER=") ? "waiting for the event" : "never due";
    result.push_back(std::move(watch));
  }
  return result;
}

} // namespace upstart::timer_bridge
