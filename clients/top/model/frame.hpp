// The screen as lines of styled text, composed from the model for a size. Pure.
#pragma once

#include "clients/top/model/model.hpp"

namespace upstart::top {

enum class Style : std::uint8_t { plain, dim, header, good, busy, bad, picked };

struct Line {
  std::string text; // of at most as many characters as the screen is wide; none of them controls the terminal
  Style style = Style::plain;
};

struct Size {
  std::size_t rows = 24, columns = 80;
};

// As many lines as the screen has.
[[nodiscard]] std::vector<Line> compose(const Model& model, Size size);
// How many lines of jobs, or of a text, are seen at a time.
[[nodiscard]] std::size_t page_of(const Model& model, Size size);

// "12.3M", "4K"; "-" for nothing.
[[nodiscard]] std::string shown_memory(std::uint64_t bytes);
// Cut to so many characters; bytes that would control the terminal, and what is no UTF-8, become "?".
[[nodiscard]] std::string printable(std::string_view text, std::size_t width);

} // namespace upstart::top
