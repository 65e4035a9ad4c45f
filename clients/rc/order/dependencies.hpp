// Which scripts of a runlevel wait for which, where they run in parallel: by what their LSB headers say, as pure data.
#pragma once

#include "clients/rc/order/lsb-header.hpp"
#include "clients/rc/order/rc-plan.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace upstart::client {

// A script with the header of its file; nothing: it has none.
struct ScriptToOrder {
  RcScript script;
  std::optional<LsbHeader> header;
};

// For each script the numbers of those that must have ended before it begins. The scripts are all of one kind, in the
// order of their numbers.
//
// A script without a header, and one that wants the terminal, keeps its place: it waits for all before it, and all
// behind it wait for it. So does one that wants a facility that nobody has defined. What would be a circle is cut where
// the order of numbers is broken.
using Waits = std::vector<std::set<std::size_t>>;
[[nodiscard]] Waits waits_by_headers(const std::vector<ScriptToOrder>& scripts, const Facilities& facilities);

// The same by their numbers: those with the same number run together.
[[nodiscard]] Waits waits_by_numbers(const std::vector<ScriptToOrder>& scripts);
// One after the other.
[[nodiscard]] Waits waits_in_line(std::size_t scripts);

} // namespace upstart::client
