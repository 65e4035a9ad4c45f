#include "clients/init-checkconf/stanza-line.hpp"

#include <sstream>

namespace upstart::client {

std::pair<std::size_t, std::string> last_line_of(const std::string& text, std::string_view first,
                                                 std::string_view second) {
  std::pair<std::size_t, std::string> found;
  std::istringstream lines(text);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string a, b;
    if (words >> a >> b && a == first && b == second) found = {number, line};
  }
  return found;
}

} // namespace upstart::client
