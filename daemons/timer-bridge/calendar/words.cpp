#include "daemons/timer-bridge/calendar/words.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <ranges>

namespace upstart::timer_bridge {

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (auto part : std::views::split(text, separator)) parts.emplace_back(std::string_view{part});
  if (parts.empty()) parts.emplace_back();
  return parts;
}

std::vector<std::string> words_of(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '\t', ' ');
  auto words = parts_of(spaced, ' ');
  std::erase(words, "");
  return words;
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

namespace {

std::expected<int, std::string> value_of(std::string_view text, const Bounds& bounds,
                                         std::optional<int> (*named)(std::string_view)) {
  auto number = number_of(text);
  if (!number && named != nullptr) number = named(text);
  if (!number || *number < bounds.first || *number > bounds.last)
    return std::unexpected(
        std::format("`{}' is no {}; {} to {} is possible", text, bounds.name, bounds.first, bounds.last));
  return *number;
}

} // namespace

std::expected<Item, std::string> item_of(std::string_view text, std::string_view range, const Bounds& bounds,
                                         std::optional<int> (*named)(std::string_view)) {
  Item item{bounds.first, bounds.last, 1};
  auto slash = text.find('/');
  auto what = text.substr(0, slash);
  if (slash != std::string_view::npos) {
    auto step = number_of(text.substr(slash + 1));
    if (!step || *step == 0)
      return std::unexpected(std::format("`{}' is no step of a {}", text.substr(slash + 1), bounds.name));
    item.step = *step;
  }
  if (what == "*") return item;
  auto between = what.find(range);
  auto first = value_of(what.substr(0, between), bounds, named);
  if (!first) return std::unexpected(first.error());
  item.first = *first;
  if (between != std::string_view::npos) {
    auto last = value_of(what.substr(between + range.size()), bounds, named);
    if (!last) return std::unexpected(last.error());
    item.last = *last;
    if (item.last < item.first)
      return std::unexpected(std::format("`{}' is no range of a {}: it ends before it begins", what, bounds.name));
  } else if (slash == std::string_view::npos) {
    item.last = item.first;
  }
  return item;
}

} // namespace upstart::timer_bridge
