#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

#include "daemons/base/values/suggestions.hpp"
#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include <algorithm>
#include <format>
#include <optional>
#include <ranges>

namespace upstart::supervisor {

std::span<const StanzaGroup> stanza_groups() {
  using namespace stanza_group;
  static const std::array groups{description(), events(),  commands(), readiness(), ending(),
                                 environment(), context(), limits(),   sandbox()};
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

// Asked once for each stanza of each file: those that begin with a letter lie together.
class StanzasByLetter {
public:
  struct Entry {
    std::string_view first_word;
    const Stanza* stanza;
  };

  StanzasByLetter() {
    for (const auto& stanza : stanzas())
      if (auto place = place_of(stanza.first_word())) entries_[*place].push_back({stanza.first_word(), &stanza});
  }
  [[nodiscard]] std::span<const Entry> of(std::string_view word) const {
    auto place = place_of(word);
    return place ? std::span<const Entry>{entries_[*place]} : std::span<const Entry>{};
  }

private:
  // All stanzas begin with a small letter.
  static std::optional<std::size_t> place_of(std::string_view word) {
    if (word.empty() || word[0] < 'a' || word[0] > 'z') return std::nullopt;
    return static_cast<std::size_t>(word[0] - 'a');
  }

  std::array<std::vector<Entry>, 26> entries_;
};

} // namespace

StanzaFamily::StanzaFamily(std::string_view first_word, Dialect dialect) {
  static const StanzasByLetter by_letter;
  for (const auto& [word, stanza] : by_letter.of(first_word)) {
    if (word != first_word || !stanza->belongs_to(dialect)) continue;
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
  if (auto near = base::near_miss(word, words); !near.empty()) return near;
  std::string spaced(word);
  std::ranges::replace(spaced, '-', ' ');
  return base::near_miss(spaced, words);
}

} // namespace upstart::supervisor
