// Commands about events: emit.
#include "clients/base/commands/tracked-commands.hpp"

#include "clients/initctl/advice.hpp"
#include "clients/initctl/command/command.hpp"
#ifdef UPSTART_MQTT
#include "clients/initctl/fleet/at-node.hpp"
#endif

namespace upstart::client {

namespace {

Outcome emit(Call& call) {
#ifdef UPSTART_MQTT
  if (is_for_fleet(call)) return emit_to_fleet(call);
#endif
  try {
    TrackedCommands{*call.upstart}.emit(call.arguments[0], call.arguments_from(1), !call.has("--no-wait"));
    return 0;
  } catch (const sdbus::Error& error) {
    auto failure = explained(error, call.upstart->connection().target());
    failure.hint = advice_on_event(error, call, *call.upstart);
    if (failure.hint.empty()) throw;
    return std::unexpected{failure};
  }
}

} // namespace

std::vector<Command> event_commands() {
  return {
      {.name = "emit",
       .group = event_group,
       .summary = "Emit an event.",
       .synopsis = "EVENT [KEY=VALUE]...",
       .about = "Waits until all jobs that the event starts or stops are there; fails if one of them fails. An event "
                "that makes one half "
                "of an `and' true is waited for until the other half comes: see `initctl explain'.",
       .missing = "event name",
       .completion = "events",
       .options =
           {
               {"-n,--no-wait", "", "do not wait for the jobs that the event starts or stops"},
#ifdef UPSTART_MQTT
               {"--fleet", "", "send it to all nodes of the fleet, and wait until the broker has it"},
#endif
           },
       .run = emit},
  };
}

} // namespace upstart::client
