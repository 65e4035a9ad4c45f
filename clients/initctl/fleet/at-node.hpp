// A command that another node executes (--node), and an event for other nodes.
#pragma once

#include "clients/initctl/command/command.hpp"

#include <span>
#include <string_view>

namespace upstart::client {

// Those that another node executes, if it allows them.
[[nodiscard]] std::span<const std::string_view> commands_at_nodes();

// The command as it was given, executed by the node of --node: its output, errors and exit status.
[[nodiscard]] Outcome perform_at_node(const Command& command, Call& call);

// emit with --fleet, or with --node and a pattern of nodes.
[[nodiscard]] bool is_for_fleet(const Call& call);
[[nodiscard]] Outcome emit_to_fleet(Call& call);

} // namespace upstart::client
