#include "clients/rc/order/lsb-header.hpp"

#include <algorithm>
#include <ranges>

namespace upstart::client {

namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  constexpr std::string_view blanks = " \t\r";
  for (auto begin = text.find_first_not_of(blanks); begin != std::string_view::npos;
       begin = text.find_first_not_of(blanks, begin)) {
    auto end = std::min(text.find_first_of(blanks, begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

struct Keyword {
  std::string_view name;
  std::vector<std::string> LsbHeader::* list;
};

constexpr Keyword keywords[] = {
    {"provides", &LsbHeader::provides},         {"required-start", &LsbHeader::start_after},
    {"should-start", &LsbHeader::start_after},  {"x-start-before", &LsbHeader::start_before},
    {"required-stop", &LsbHeader::stop_before}, {"should-stop", &LsbHeader::stop_before},
    {"x-stop-after", &LsbHeader::stop_after}};

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& each : result)
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each + ('a' - 'A'));
  return result;
}

void read_line(std::string_view line, LsbHeader& header) {
  auto colon = line.find(':');
  if (!line.starts_with('#') || colon == std::string_view::npos) return;
  auto names = words_of(line.substr(1, colon - 1));
  if (names.size() != 1) return;
  auto name = lower(names[0]);
  auto value = line.substr(colon + 1);
  for (const auto& keyword : keywords)
    if (keyword.name == name) std::ranges::move(words_of(value), std::back_inserter(header.*keyword.list));
  if (name == "x-interactive") header.is_interactive = words_of(value) == std::vector<std::string>{"true"};
  if (name == "short-description") {
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    header.description = value;
  }
}

} // namespace

std::optional<LsbHeader> read_lsb_header(std::string_view text) {
  std::optional<LsbHeader> header;
  for (auto part : text | std::views::split('\n')) {
    std::string_view line{part};
    if (line.starts_with("### BEGIN INIT INFO")) header.emplace();
    else if (line.starts_with("### END INIT INFO")) return header;
    else if (header) read_line(line, *header);
  }
  return std::nullopt; // a header without an end is none
}

void add_facilities(std::string_view insserv_conf, Facilities& facilities) {
  for (auto part : insserv_conf | std::views::split('\n')) {
    auto words = words_of(std::string_view{part});
    if (words.size() < 2 || !words[0].starts_with('$')) continue;
    auto& names = facilities[words[0]];
    for (auto& word : words | std::views::drop(1)) names.push_back(word.starts_with('+') ? word.substr(1) : word);
  }
}

} // namespace upstart::client
