#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

#include "daemons/job-supervisor/language/stanzas/groups.hpp"
#include "daemons/job-supervisor/language/words/suggestions.hpp"

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::supervisor {

std::span<const StanzaGroup> stanza_groups() {
  using namespace stanza_group;
  static const std::array groups{description(), events(), commands(), readiness(), ending(), environment(), context()};
  return groups;
}

std::span<const Stanza> stanzas() {
  static const auto all = [] {
    const auto in_groups = stanza_groups() | std::views::transform(&StanzaGroup::stanzas) | std::views::join;
    return std::ranges::to<std::vector<Stanza>>(in_groups);
  }();
  return all;
}

namespace {

std::span<const Stanza* const> by_first_word() {
  static const auto sorted = [] {
    std::vector<const Stanza*> order;
    for (const auto& stanza : stanzas()) order.push_back(&stanza);
    std::ranges::stable_sort(order, {}, &Stanza::first_word);
    return order;
  }();
  return sorted;
}

} // namespace

StanzaFamily::StanzaFamily(std::string_view first_word, Dialect dialect) {
  for (const auto* stanza : std::ranges::equal_range(by_first_word(), first_word, {}, &Stanza::first_word)) {
    if (!stanza->belongs_to(dialect)) continue;
    if (stanza->second_word().empty()) alone_ = stanza;
    else pairs_.at(pair_count_++) = stanza;
  }
}

const Stanza* StanzaFamily::with(std::string_view second_word) const {
  const auto found = std::ranges::find(pairs(), second_word, &Stanza::second_word);
  return found == pairs().end() ? nullptr : *found;
}

std::vector<std::string_view> StanzaFamily::second_words() const {
  std::vector<std::string_view> words;
  for (const auto* stanza : pairs()) words.push_back(stanza->second_word());
  return words;
}

std::string suggested_stanza(std::string_view word, Dialect dialect) {
  if (!StanzaFamily(word, Dialect::event_d).empty())
    return std::format("`{}` belongs to the files of event.d directories", word);
  if (word == "end") return "no block is open here";
  std::vector<std::string_view> words;
  for (const auto& stanza : stanzas()) {
    if (!stanza.belongs_to(dialect)) continue;
    if (words.empty() || words.back() != stanza.first_word()) words.push_back(stanza.first_word());
    if (!stanza.second_word().empty()) words.push_back(stanza.name);
  }
  std::string spaced(word);
  std::ranges::replace(spaced, '-', ' ');
  return near_miss(spaced, words);
}

} // namespace upstart::supervisor
