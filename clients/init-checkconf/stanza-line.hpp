// Where a stanza stands in the text of a job file.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace upstart::client {

// The last line that begins with these two words: its number from 1, 0: there is none; and the line.
[[nodiscard]] std::pair<std::size_t, std::string> last_line_of(const std::string& text, std::string_view first,
                                                               std::string_view second);

} // namespace upstart::client
