#include "clients/convert/output/shell-words.hpp"

#include <algorithm>
#include <format>

namespace upstart::convert {

namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_plain(char c) { return is_letter_or_digit(c) || std::string_view{"@%+=:,./-"}.contains(c); }

} // namespace

std::string as_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string{text};
  std::string result = "'";
  for (char c : text) result += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return result + "'";
}

std::string within_quotes(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (std::string_view{"\"\\$`"}.contains(c)) result += '\\';
    result += c;
  }
  return result;
}

void add_variable(Job& job, std::string_view key, std::string_view value) {
  std::erase_if(job.environment, [&](const auto& entry) { return entry.starts_with(std::format("{}=", key)); });
  bool has_double = value.contains('"'), has_single = value.contains('\'');
  if (value.find_first_of("\\\n") != std::string_view::npos || (has_double && has_single)) {
    job.common.push_back(std::format("export {}={}", key, as_word(value)));
    return;
  }
  const char* quote = has_double ? "'" : "\"";
  if (!value.empty() && std::ranges::all_of(value, is_plain)) quote = "";
  job.environment.push_back(std::format("{}={}{}{}", key, quote, value, quote));
}

std::string_view trimmed(std::string_view text) {
  auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (auto begin = text.find_first_not_of(blanks); begin != std::string_view::npos;) {
    auto end = std::min(text.find_first_of(blanks, begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(blanks, end);
  }
  return words;
}

std::string file_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string{path.substr(path.rfind('/') + 1)};
}

std::string job_name(std::string_view text) {
  std::string name{text};
  for (char& c : name)
    if (!is_letter_or_digit(c) && !std::string_view{"@.+-:"}.contains(c)) c = '-';
  while (name.starts_with('.')) name.erase(0, 1);
  return name.empty() ? "job" : name;
}

} // namespace upstart::convert
