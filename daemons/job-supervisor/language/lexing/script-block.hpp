// The lines of a `script` … `end script` block: which line ends it, and what is handed to the shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// `end script` or `end-script`, alone on its line but for white space and a comment.
[[nodiscard]] bool ends_script(std::string_view line);
// One or two typing errors away from it, such as `endscript` or `end scirpt`.
[[nodiscard]] bool nearly_ends_script(std::string_view line);
// `script`, or `pre-start script` and its like: probably not meant for the shell.
[[nodiscard]] bool begins_script(std::string_view line);

// The lines with "\n" as their end, and without the white space that begins the first that is not empty, if all that
// are not empty begin with it.
[[nodiscard]] std::string without_common_indent(std::string_view lines);

// The word that a here-document in these lines waits for in vain; nothing where there is none.
[[nodiscard]] std::optional<std::string_view> open_here_document(std::string_view lines);

} // namespace upstart::supervisor
