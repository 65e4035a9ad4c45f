#include "daemons/timer-bridge/timer-bridge-object.hpp"

#include "protocol/text.hpp"

namespace upstart::timer_bridge {

namespace {

std::uint64_t microseconds_of(const std::optional<PreciseTime>& time) {
  if (!time) return 0;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time->time_since_epoch()).count());
}

} // namespace

TimerBridgeObject::TimerBridgeObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, Report report)
    : AdaptorInterfaces(connection, path), report_{std::move(report)} {
  registerAdaptor();
}

std::vector<sdbus::Struct<std::string, std::vector<std::string>, uint64_t, uint64_t, uint32_t>>
TimerBridgeObject::ListTimers() {
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, uint64_t, uint64_t, uint32_t>> timers;
  for (const auto& timer : report_())
    timers.emplace_back(protocol::readable(timer.condition), protocol::readable(timer.jobs),
                        microseconds_of(timer.next), microseconds_of(timer.last), timer.missed);
  return timers;
}

} // namespace upstart::timer_bridge
