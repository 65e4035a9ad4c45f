// bridges: the bridges that are attached to the job supervisor.
#include "clients/base/supervisor.hpp"
#include "clients/base/upstart.hpp"
#include "clients/initctl/command/command.hpp"

#include <nlohmann/json.hpp>

#include <format>

namespace upstart::client {

namespace {

struct Bridge {
  std::string name;
  std::uint32_t pid = 0;
  std::string bus_name;
  std::vector<std::string> events;
  std::uint32_t jobs = 0; // that name one of its events

  [[nodiscard]] const char* state() const { return jobs > 0 ? "serving" : "idle"; }
};

std::vector<Bridge> attached_bridges(Upstart& upstart) {
  std::vector<Bridge> bridges;
  for (const auto& [name, pid, bus_name, events, jobs] : Supervisor{upstart.connection()}.ListBridges())
    bridges.push_back({name.empty() ? "unknown" : name, pid, bus_name, events, jobs});
  return bridges;
}

std::string to_text(const Bridge& bridge) {
  std::string events;
  for (const auto& event : bridge.events) events += " " + event;
  auto where = bridge.bus_name.empty() ? "" : ", " + bridge.bus_name;
  return std::format("{} {}, process {}{}\n\tevents:{}; {} job{} wait{} for them\n", bridge.name, bridge.state(),
                     bridge.pid, where, events, bridge.jobs, bridge.jobs == 1 ? "" : "s", bridge.jobs == 1 ? "s" : "");
}

Json to_json(const Bridge& bridge) {
  return {{"name", bridge.name},         {"state", bridge.state()}, {"pid", bridge.pid},
          {"bus_name", bridge.bus_name}, {"events", bridge.events}, {"jobs", bridge.jobs}};
}

Outcome bridges(Call& call) {
  Json document = Json::array();
  std::string text;
  for (const auto& bridge : attached_bridges(*call.upstart)) {
    document.push_back(to_json(bridge));
    text += to_text(bridge);
  }
  if (call.wants_json()) call.print_json(document);
  else call.print(text.empty() ? "No bridge is attached: events that bridges emit do not come.\n" : text);
  return 0;
}

} // namespace

std::vector<Command> bridges_commands() {
  return {{.name = "bridges",
           .group = insight_group,
           .summary = "List the bridges that are attached.",
           .synopsis = "",
           .about =
               "For each bridge: its name, whether it serves jobs or is idle, its process, its name on the bus, the "
               "events that it emits, and how many jobs name one of these in `start on' or `stop on'.",
           .missing = "",
           .options = {},
           .run = bridges}};
}

} // namespace upstart::client
