// A table for people: aligned, coloured, fitted to the width of the terminal: columns that can be done without are left
// out, the texts of those that may be cut end in "…". Characters are those of the locale (LC_CTYPE). Printed by
// libsmartcols, which is loaded when a table is printed and not before: programs that start often do not link it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::client {

enum class Colour : std::uint8_t { none, red, green, yellow, grey, bold };

struct TableColumn {
  std::string heading;
  bool right_aligned = false;
  std::size_t cut_to = 0; // where the terminal is too narrow, at first; 0: the column keeps its width
  int left_out = 0;       // then as the first, second, … one; 0: never
};

struct TableCell {
  std::string text;
  Colour colour = Colour::none;
};

struct Table {
  std::vector<TableColumn> columns;
  std::vector<std::vector<TableCell>> rows; // each with a cell for every column
};

// Where it is shown.
struct TableStyle {
  std::optional<std::size_t> width; // in columns; nothing: lines may be as long as they are
  bool coloured = false;
};

// Lines that end in newlines. The error says that the library cannot be loaded, and what to install.
[[nodiscard]] std::expected<std::string, std::string> printed(Table table, const TableStyle& style);

// In the columns of a terminal, by the locale that `printed` has set.
[[nodiscard]] std::size_t shown_width(std::string_view text);
// At most so wide, a cut one with "…" at its end.
[[nodiscard]] std::string cut_text(const std::string& text, std::size_t width);

// The text in this colour.
[[nodiscard]] std::string in_colour(std::string_view text, Colour colour);

} // namespace upstart::client
