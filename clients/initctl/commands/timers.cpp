// timers: the timers of loaded jobs, as upstart-timer-bridge has them.
#include "clients/base/bridges/bridge-objects.hpp"
#include "clients/base/supervisor.hpp"
#include "clients/base/upstart.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/history/past-event.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>

namespace upstart::client {

namespace {

constexpr const char* timer_bridge = "timer-bridge";

std::string shown(const std::optional<BridgeTime>& time) { return time ? shown_time(*time) : "-"; }

std::string joined(const std::vector<std::string>& jobs) {
  std::string text;
  for (const auto& job : jobs) text += (text.empty() ? "" : " ") + job;
  return text;
}

Json to_json(const std::optional<BridgeTime>& time) { return time ? Json(time->time_since_epoch().count()) : Json(); }

Json to_json(const TimerState& timer) {
  return {{"condition", timer.condition},
          {"jobs", timer.jobs},
          {"next", to_json(timer.next)},
          {"last", to_json(timer.last)},
          {"missed", timer.missed}};
}

std::string to_text(const std::vector<TimerState>& timers) {
  if (timers.empty()) return "No loaded job asks for a timer.\n";
  auto text = std::format("{:24} {:24} {:20} {}\n", "NEXT", "LAST", "JOB", "TIMER");
  for (const auto& timer : timers)
    text += std::format("{:24} {:24} {:20} {}\n", shown(timer.next), shown(timer.last), joined(timer.jobs),
                        timer.condition);
  return text;
}

// The one that is due first comes first, those that wait for an event last.
bool is_sooner(const TimerState& one, const TimerState& other) {
  return std::pair{!one.next, one.next} < std::pair{!other.next, other.next};
}

Outcome timers(Call& call) {
  std::vector<TimerState> found;
  for (const auto& [name, pid, bus_name, events, jobs] : Supervisor{call.upstart->connection()}.ListBridges()) {
    if (name != timer_bridge) continue;
    auto answer = timers_of(*call.upstart, pid);
    if (!answer) return std::unexpected{Failure{"upstart-timer-bridge does not answer: " + answer.error().message}};
    found = std::move(*answer);
  }
  std::ranges::stable_sort(found, is_sooner);
  if (!call.wants_json()) return call.print(to_text(found)), 0;
  Json document = Json::array();
  for (const auto& timer : found) document.push_back(to_json(timer));
  call.print_json(document);
  return 0;
}

} // namespace

std::vector<Command> timers_commands() {
  return {{.name = "timers",
           .group = insight_group,
           .summary = "List the timers of loaded jobs: when each is due.",
           .synopsis = "",
           .about =
               "For each condition on `timer' events: when it is due next, when it was due last, the jobs that ask for "
               "it, and the condition itself. upstart-timer-bridge(8) says what conditions there are.",
           .missing = "",
           .options = {},
           .run = timers}};
}

} // namespace upstart::client
