// What standard output is: a terminal of some width, or not; and whether it is to be coloured.
#pragma once

#include "clients/base/process-context.hpp"
#include "clients/base/terminal/table.hpp"

namespace upstart::client {

// Standard output is a terminal that shows what a person reads, and how wide that is.
[[nodiscard]] inline std::optional<std::size_t> terminal_width(const ProcessContext& context) {
  return context.terminal_width ? context.terminal_width() : std::nullopt;
}

// On a terminal, unless NO_COLOR is set (no-color.org) or TERM is dumb or not set.
[[nodiscard]] inline bool wants_colours(const ProcessContext& context) {
  if (!terminal_width(context) || !context.variable("NO_COLOR").value_or("").empty()) return false;
  auto terminal = context.variable("TERM").value_or("");
  return !terminal.empty() && terminal != "dumb";
}

[[nodiscard]] inline TableStyle table_style(const ProcessContext& context) {
  return {.width = terminal_width(context), .coloured = wants_colours(context)};
}

} // namespace upstart::client
