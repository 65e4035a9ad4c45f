#include "daemons/job-supervisor/language/lexing/script-block.hpp"

#include "daemons/base/values/suggestions.hpp"
#include "daemons/job-supervisor/language/lexing/characters.hpp"

#include <algorithm>
#include <array>

namespace upstart::supervisor {

namespace {

std::string_view without_leading_space(std::string_view line) {
  const auto begin = std::ranges::find_if_not(line, is_space);
  return line.substr(static_cast<std::size_t>(begin - line.begin()));
}

// Takes a line's end off it, with any carriage returns before it.
std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  while (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_blank(std::string_view line) { return std::ranges::all_of(line, is_space); }

// Nothing but white space and perhaps a comment.
bool ends_here(std::string_view rest) {
  rest = without_leading_space(rest);
  return rest.empty() || rest.starts_with('\n') || rest.starts_with('#');
}

// The next line of `lines`, which loses it.
std::string_view take_line(std::string_view& lines) {
  const auto end = lines.find('\n');
  const auto line = lines.substr(0, end == std::string_view::npos ? lines.size() : end + 1);
  lines.remove_prefix(line.size());
  return without_line_end(line);
}

std::string_view common_indent(std::string_view lines) {
  std::string_view indent;
  bool known = false;
  while (!lines.empty()) {
    const auto line = take_line(lines);
    if (is_blank(line)) continue;
    if (!known) indent = line.substr(0, line.size() - without_leading_space(line).size());
    known = true;
    if (!line.starts_with(indent)) return {};
  }
  return indent;
}

} // namespace

bool ends_script(std::string_view line) {
  line = without_leading_space(line);
  if (!line.starts_with("end")) return false;
  line.remove_prefix(3);
  const auto gap = without_leading_space(line);
  if (gap.size() == line.size() && !line.starts_with('-')) return false;
  line = line.starts_with('-') ? line.substr(1) : gap;
  return line.starts_with("script") && ends_here(line.substr(6));
}

bool nearly_ends_script(std::string_view line) {
  line = without_leading_space(without_line_end(line));
  constexpr std::size_t longest = 12;
  return line.starts_with("end") && line.size() <= longest && base::edit_distance(line, "end script") <= 2;
}

bool begins_script(std::string_view line) {
  line = without_leading_space(line);
  static constexpr std::array<std::string_view, 4> hooks{"pre-start", "post-start", "pre-stop", "post-stop"};
  for (const auto hook : hooks) {
    if (!line.starts_with(hook)) continue;
    const auto rest = without_leading_space(line.substr(hook.size()));
    if (rest.size() < line.size() - hook.size()) return rest.starts_with("script") && ends_here(rest.substr(6));
  }
  return line.starts_with("script") && ends_here(line.substr(6));
}

std::string without_common_indent(std::string_view lines) {
  const auto indent = common_indent(lines);
  std::string result;
  result.reserve(lines.size());
  while (!lines.empty()) {
    auto line = take_line(lines);
    if (line.starts_with(indent)) line.remove_prefix(indent.size());
    else line = {};
    result.append(line) += '\n';
  }
  return result;
}

std::optional<std::string_view> open_here_document(std::string_view lines) {
  constexpr std::string_view word_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  std::string_view awaited;
  bool tabs_allowed = false;
  while (!lines.empty()) {
    auto line = take_line(lines);
    if (!awaited.empty()) {
      if (tabs_allowed) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line == awaited) awaited = {};
      continue;
    }
    const auto at = line.find("<<");
    if (at == std::string_view::npos || line.substr(0, at).contains('#')) continue;
    auto rest = line.substr(at + 2);
    tabs_allowed = rest.starts_with('-');
    if (tabs_allowed) rest.remove_prefix(1);
    rest = without_leading_space(rest);
    if (!rest.empty() && std::string_view("'\"\\").contains(rest.front())) rest.remove_prefix(1);
    const auto word = rest.substr(0, rest.find_first_not_of(word_characters));
    if (!word.empty() && (word.front() < '0' || word.front() > '9')) awaited = word;
  }
  if (awaited.empty()) return std::nullopt;
  return awaited;
}

} // namespace upstart::supervisor
