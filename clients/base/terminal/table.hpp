// A table for people: aligned, coloured, cut to the width of the terminal. Printed by libsmartcols, which is loaded
// when a table is printed and not before: programs that start often do not link it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

enum class Colour : std::uint8_t { none, red, green, yellow, grey, bold };

struct TableColumn {
  std::string heading;
  bool right_aligned = false;
  bool may_be_cut = false; // where the terminal is too narrow; others keep their width as long as they can
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
[[nodiscard]] std::expected<std::string, std::string> printed(const Table& table, const TableStyle& style);

// The text in this colour.
[[nodiscard]] std::string in_colour(std::string_view text, Colour colour);

} // namespace upstart::client
