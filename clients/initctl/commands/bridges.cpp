// bridges: the bridges that are attached to the job supervisor, and those that could be.
#include "clients/base/bridges/bridge-objects.hpp"
#include "clients/base/supervisor.hpp"
#include "clients/base/upstart.hpp"
#include "clients/initctl/command/command.hpp"

#include "daemons/base/values/suggestions.hpp"
#include "protocol/bridges.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>

namespace upstart::client {

namespace {

struct Bridge {
  std::string name;
  std::uint32_t pid = 0;
  std::string bus_name;
  std::vector<std::string> events;
  std::uint32_t jobs = 0; // that name one of its events
  std::vector<BridgeWatch> watches{};

  [[nodiscard]] const char* state() const { return jobs > 0 ? "serving" : "idle"; }
};

std::vector<Bridge> attached_bridges(Upstart& upstart) {
  std::vector<Bridge> bridges;
  for (const auto& [name, pid, bus_name, events, jobs] : Supervisor{upstart.connection()}.ListBridges())
    bridges.push_back({name.empty() ? "unknown" : name, pid, bus_name, events, jobs,
                       watches_of(upstart, name, pid).value_or(std::vector<BridgeWatch>{})});
  return bridges;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string to_text(const Bridge& bridge) {
  std::string events;
  for (const auto& event : bridge.events) events += " " + event;
  auto where = bridge.bus_name.empty() ? "" : ", " + bridge.bus_name;
  auto text =
      std::format("{} {}, process {}{}\n\tevents:{}; {} job{} wait{} for them\n", bridge.name, bridge.state(),
                  bridge.pid, where, events, bridge.jobs, bridge.jobs == 1 ? "" : "s", bridge.jobs == 1 ? "s" : "");
  for (const auto& watch : bridge.watches)
    text +=
        std::format("\t{}: {}{}\n", watch.what, watch.state, watch.jobs.empty() ? "" : ", for " + joined(watch.jobs));
  return text;
}

// Those of Upstart that are not attached: init starts each when a loaded job asks for its event.
std::vector<protocol::BridgeEntry> not_running(const std::vector<Bridge>& attached) {
  std::vector<protocol::BridgeEntry> result;
  for (const auto& bridge : protocol::bridges)
    if (!std::ranges::contains(attached, bridge.name, &Bridge::name)) result.push_back(bridge);
  return result;
}

Json to_json(const Bridge& bridge) {
  Json watches = Json::array();
  for (const auto& watch : bridge.watches)
    watches.push_back({{"what", watch.what},
                       {"state", watch.state},
                       {"since", watch.since ? Json(watch.since->time_since_epoch().count()) : Json()},
                       {"jobs", watch.jobs}});
  return {{"name", bridge.name},     {"state", bridge.state()}, {"pid", bridge.pid}, {"bus_name", bridge.bus_name},
          {"events", bridge.events}, {"jobs", bridge.jobs},     {"watches", watches}};
}

Json to_json(const protocol::BridgeEntry& bridge) {
  return {{"name", bridge.name},      {"state", "not running"}, {"pid", nullptr},          {"bus_name", ""},
          {"events", {bridge.event}}, {"jobs", nullptr},        {"watches", Json::array()}};
}

std::vector<std::string_view> names_of_bridges() {
  std::vector<std::string_view> names;
  for (const auto& bridge : protocol::bridges) names.push_back(bridge.name);
  return names;
}

// The names of them, one after the other.
std::string known_bridges() {
  std::string names;
  for (auto name : names_of_bridges()) names += (names.empty() ? "" : ", ") + std::string{name};
  return names;
}

// Its name as people say it, "socket", is completed.
std::string meant_bridge(std::string_view name) {
  constexpr std::string_view prefix = "upstart-", suffix = "-bridge";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return base::near_miss(std::string{name} + std::string{name.ends_with(suffix) ? "" : suffix}, names_of_bridges());
}

Outcome start_bridge(Call& call, const std::string& name) {
  if (!protocol::bridge_of_name(name))
    return std::unexpected{
        Failure{std::format("Unknown bridge: {} (known are {})", name, known_bridges()), false, meant_bridge(name)}};
  Supervisor{call.upstart->connection()}.StartBridge(name);
  return 0;
}

Outcome bridges(Call& call) {
  if (auto name = call.options.value("--start")) return start_bridge(call, *name);
  Json document = Json::array();
  std::string text;
  auto attached = attached_bridges(*call.upstart);
  for (const auto& bridge : attached) {
    document.push_back(to_json(bridge));
    text += to_text(bridge);
  }
  for (const auto& bridge : not_running(attached)) {
    document.push_back(to_json(bridge));
    text += std::format("{} not running\n\tevents: {}\n", bridge.name, bridge.event);
  }
  if (call.wants_json()) call.print_json(document);
  else call.print(text);
  return 0;
}

} // namespace

std::vector<Command> bridges_commands() {
  return {
      {.name = "bridges",
       .group = insight_group,
       .summary = "List the bridges, and what they watch for which jobs.",
       .synopsis = "",
       .about =
           "For each bridge: its name, whether it serves jobs, is idle or not running, its process, its name on the "
           "bus, the events that it emits, how many jobs name one of these in `start on' or `stop on', and what it "
           "watches for them. A bridge that is not running is started when a job that names its event is loaded; "
           "--start starts it for a client that asks it something, for a minute if no job names its event.",
       .missing = "",
       .options = {{"--start", "BRIDGE", "start this bridge, instead of listing all", choices_of(names_of_bridges())}},
       .run = bridges}};
}

} // namespace upstart::client
