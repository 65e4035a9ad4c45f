// What the notations have in common: words between separators, numbers in bounds, names of days and months.
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::timer_bridge {

[[nodiscard]] std::vector<std::string> words_of(std::string_view text);                 // between spaces
[[nodiscard]] std::vector<std::string> parts_of(std::string_view text, char separator); // at least one
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::optional<int> number_of(std::string_view text);

inline constexpr std::array<std::string_view, 7> weekday_names{"sunday",   "monday", "tuesday", "wednesday",
                                                               "thursday", "friday", "saturday"};
inline constexpr std::array<std::string_view, 12> month_names{"january",   "february", "march",    "april",
                                                              "may",       "june",     "july",     "august",
                                                              "september", "october",  "november", "december"};
// The place of a name that is written out or cut off after three letters, in any case.
template <std::size_t size>
[[nodiscard]] std::optional<int> place_of_name(const std::array<std::string_view, size>& names, std::string_view text) {
  auto word = lower(text);
  for (std::size_t place = 0; place < size; ++place)
    if (word == names[place] || word == names[place].substr(0, 3)) return static_cast<int>(place);
  return std::nullopt;
}

// What one component may be: numbers from `first` to `last`.
struct Bounds {
  const char* name; // "hour"
  int first, last;
};
// One item of a list: FIRST to LAST in steps.
struct Item {
  int first, last, step;
};
// "*", "a", "a..b", each perhaps with "/step"; `range` stands between the ends. A name is a number that `named` knows.
[[nodiscard]] std::expected<Item, std::string> item_of(std::string_view text, std::string_view range,
                                                       const Bounds& bounds,
                                                       std::optional<int> (*named)(std::string_view) = nullptr);

} // namespace upstart::timer_bridge
