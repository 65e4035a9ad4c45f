// What another node may have done here: which commands, with which options. A call is words of a command line, and only
// those that are listed here get to initctl, in a form in which it cannot take an argument for an option. Events have a
// way of their own (fleet/events-in.hpp). Pure.
#pragma once

#include "daemons/mqtt-bridge/configuration/fleet-configuration.hpp"

#include <expected>
#include <string>
#include <vector>

namespace upstart::mqtt_bridge {

// The arguments of initctl for these words. The error is for whoever asks: the command is not allowed here, is not
// known, or has an option that does not go to another node.
[[nodiscard]] std::expected<std::vector<std::string>, std::string>
checked_command(const std::vector<std::string>& words, const FleetConfiguration& configuration);

} // namespace upstart::mqtt_bridge
