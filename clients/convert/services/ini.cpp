#include "clients/convert/services/ini.hpp"

#include "clients/convert/output/shell-words.hpp"

#include <algorithm>

namespace upstart::convert {

std::string IniSection::get(std::string_view key) const {
  auto found = std::ranges::find(entries, key, &IniEntry::key);
  return found == entries.end() ? "" : found->value;
}

std::vector<IniSection> parse_ini(std::string_view text) {
  std::vector<IniSection> sections;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto comment = line.find(" ;"); comment != std::string_view::npos) line = line.substr(0, comment);
    auto words = trimmed(line);
    if (words.empty() || words[0] == ';' || words[0] == '#') continue;
    if (words[0] == '[' && words.ends_with(']')) {
      sections.push_back({std::string{words.substr(1, words.size() - 2)}});
      continue;
    }
    if (sections.empty()) continue;
    auto& entries = sections.back().entries;
    bool continues = line[0] == ' ' || line[0] == '\t';
    auto separator = words.find_first_of("=:");
    if (continues && !entries.empty()) entries.back().value += "\n" + std::string{words};
    else if (separator != std::string_view::npos)
      entries.push_back({std::string{trimmed(words.substr(0, separator))},
                         std::string{trimmed(words.substr(separator + 1))}, number});
  }
  return sections;
}

} // namespace upstart::convert
