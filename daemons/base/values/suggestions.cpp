#include "daemons/base/values/suggestions.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::base {

namespace {

constexpr std::size_t longest_word = 32; // longer than every word of the language

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view word) {
  std::string result(word);
  std::ranges::transform(result, result.begin(), [](char c) { return lower(c); });
  return result;
}

std::size_t difference(std::size_t left, std::size_t right) { return left > right ? left - right : right - left; }

} // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  if (std::max(left.size(), right.size()) > longest_word) return longest_word;
  using Row = std::array<std::size_t, longest_word + 1>;
  Row before_last{}, last{}, row{};
  for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    before_last = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool same = left[i - 1] == right[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[right.size()];
}

std::string near_miss(std::string_view word, std::span<const std::string_view> words) {
  if (word.empty() || word.size() > longest_word) return {};
  const auto folded = lower(word);
  std::string_view best;
  std::size_t best_distance = word.size() <= 5 ? 2 : 3; // one typing error in a short word, two in a longer one
  for (const auto candidate : words) {
    if (difference(folded.size(), candidate.size()) >= best_distance) continue;
    const auto distance = edit_distance(folded, lower(candidate));
    if (distance < best_distance && distance < candidate.size()) best = candidate, best_distance = distance;
  }
  return best.empty() ? std::string{} : std::format("did you mean `{}`?", best);
}

std::string near_miss_or_list(std::string_view word, std::span<const std::string_view> words) {
  if (auto found = near_miss(word, words); !found.empty()) return found;
  std::string list = "expected ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto* between = i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    list += std::format("{}`{}`", between, words[i]);
  }
  return list;
}

} // namespace upstart::base
