#include "daemons/base/command-line/wrap.hpp"

#include <ranges>

namespace upstart::base {

std::string wrap(std::string_view text, std::size_t width, std::size_t indentation) {
  std::string folded;
  std::size_t column = 0;
  for (auto part : text | std::views::split(' ')) {
    std::string_view word{part};
    if (column > 0 && column + 1 + word.size() > width) {
      folded += "\n" + std::string(indentation, ' ');
      column = 0;
    } else if (column > 0) {
      folded += ' ';
      ++column;
    }
    folded += word;
    column += word.size();
  }
  return folded;
}

} // namespace upstart::base
