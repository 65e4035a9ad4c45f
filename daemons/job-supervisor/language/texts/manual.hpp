// What init(5) says of the stanzas, in mdoc(7), from the table.
#pragma once

#include <string>

namespace upstart::supervisor::texts {

// "env , export , …": the arguments of .Ic for the stanzas of which all that a file gives count.
[[nodiscard]] std::string adding_stanzas();
// A subsection for each group of the table, with the stanzas of both dialects.
[[nodiscard]] std::string stanza_sections();
// The list of those that only event.d has.
[[nodiscard]] std::string event_d_stanzas();

} // namespace upstart::supervisor::texts
