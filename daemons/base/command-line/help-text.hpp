// What --help prints: names and what they mean in two columns, no wider than the terminal. The same for initctl, which
// writes its own, and for the programs whose command line CLI11 reads.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace upstart::base {

// In characters; of help that is read on no terminal.
inline constexpr std::size_t usual_help_width = 79;

// On a terminal of this width; nothing: on none.
[[nodiscard]] std::size_t help_width(std::optional<std::size_t> terminal);

// A name and what it means, which begins at `column`; a name too long for the first column stands on lines of its own.
[[nodiscard]] std::string help_entry(std::string_view name, std::string_view text, std::size_t width,
                                     std::size_t column);

// The help of this program is folded to lines of that width, or to those of the terminal that it is printed to. Before
// options are added or after.
void fold_help(CLI::App& app, std::size_t width);
void fold_help(CLI::App& app);

} // namespace upstart::base
