// Files of sections with KEY=VALUE lines, as supervisord has them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace upstart::convert {

struct IniEntry {
  std::string key, value;
  std::size_t line;
};
struct IniSection {
  std::string name;
  std::vector<IniEntry> entries{};

  [[nodiscard]] std::string get(std::string_view key) const; // empty where it is not there
};

// Lines that begin with a blank go on with the value before; a comment is a line that begins with ; or #, or what comes
// after " ;".
[[nodiscard]] std::vector<IniSection> parse_ini(std::string_view text);

} // namespace upstart::convert
