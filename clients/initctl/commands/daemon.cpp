// Commands about the init daemon itself: version, log-priority, reload-configuration and the notifications.
#include "clients/base/upstart.hpp"

#include "clients/initctl/command/command.hpp"

#include <nlohmann/json.hpp>

namespace upstart::client {

namespace {

Outcome show(Call& call, const char* key, const std::string& value) {
  if (call.wants_json()) call.print_json(Json{{key, value}});
  else call.print(value + "\n");
  return 0;
}

Outcome version(Call& call) { return show(call, "version", call.upstart->manager().version()); }

Outcome log_priority(Call& call) {
  auto& manager = call.upstart->manager();
  if (call.arguments.empty()) return show(call, "log_priority", manager.log_priority());
  manager.log_priority(call.arguments[0]);
  return 0;
}

Outcome reload_configuration(Call& call) {
  call.upstart->manager().ReloadConfiguration();
  return 0;
}

Outcome notify_disk_writeable(Call& call) {
  call.upstart->manager().NotifyDiskWriteable();
  return 0;
}

Outcome notify_dbus_address(Call& call) {
  call.upstart->manager().NotifyDBusAddress(call.arguments[0]);
  return 0;
}

Outcome notify_cgroup_manager_address(Call& call) {
  call.upstart->manager().NotifyCGroupManagerAddress(call.arguments[0]);
  return 0;
}

} // namespace

std::vector<Command> daemon_commands() {
  return {
      {.name = "reload-configuration",
       .group = other_group,
       .summary = "Read all job files again.",
       .synopsis = "",
       .about =
           "Changed files are noticed without this command. Running jobs keep the class that they were started from.",
       .missing = "",
       .options = {},
       .run = reload_configuration},
      {.name = "version",
       .group = other_group,
       .summary = "Show the version of the init daemon.",
       .synopsis = "",
       .about = "Shows the version of the daemon that answers; that of this program is shown by `initctl --version'.",
       .missing = "",
       .options = {},
       .run = version},
      {.name = "log-priority",
       .group = other_group,
       .summary = "Show or change the least priority of logged messages.",
       .synopsis = "[PRIORITY]",
       .about = "PRIORITY is one of debug, info, message, warn, error and fatal.",
       .missing = "",
       .completion = "debug|info|message|warn|error|fatal",
       .options = {},
       .run = log_priority},
      {.name = "notify-disk-writeable",
       .group = other_group,
       .summary = "Tell init that logs can be written now.",
       .synopsis = "",
       .about = "What jobs have printed so far is kept until then, and is now written to their log files.",
       .missing = "",
       .options = {},
       .run = notify_disk_writeable},
      {.name = "notify-dbus-address",
       .group = other_group,
       .summary = "Tell init of a D-Bus bus to join.",
       .synopsis = "ADDRESS",
       .about = "ADDRESS is a D-Bus address, such as the value of DBUS_SESSION_BUS_ADDRESS.",
       .missing = "D-Bus address",
       .options = {},
       .run = notify_dbus_address},
      {.name = "notify-cgroup-manager-address",
       .group = other_group,
       .summary = "Tell init where a control group manager listens.",
       .synopsis = "ADDRESS",
       .about = "ADDRESS is a D-Bus address.",
       .missing = "address",
       .options = {},
       .run = notify_cgroup_manager_address},
  };
}

} // namespace upstart::client
