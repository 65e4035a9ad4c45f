#include "daemons/event-bridge/conditions/system-event.hpp"

#include "daemons/bridge/conditions/match-rule.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <format>

namespace upstart::event_bridge {

namespace {

std::string rule_of_signal(std::string_view member) {
  return std::format("type='signal',sender='{}',path='{}',interface='{}',member='{}'", protocol::bus_name::upstart,
                     protocol::path::manager, protocol::interface_name::upstart, member);
}

} // namespace

std::expected<std::string, bridge::ConditionFault> parse_condition(const std::string& event) {
  auto name = event.substr(event.starts_with(prefix) ? prefix.size() : 0);
  if (name.empty())
    return std::unexpected{bridge::ConditionFault{event, "an event of the system is needed after :sys:, such as "
                                                         ":sys:runlevel"}};
  if (protocol::readable(name) != name)
    return std::unexpected{
        bridge::ConditionFault{event, "its name is no UTF-8, so that the system does not tell of it on D-Bus"}};
  return name;
}

std::string match_rule(const std::string& name) {
  return rule_of_signal("EventEmitted") + ",arg0=" + bridge::quoted_in_rule(name);
}

std::string match_rule_of_restart() { return rule_of_signal("Restarted"); }

} // namespace upstart::event_bridge
