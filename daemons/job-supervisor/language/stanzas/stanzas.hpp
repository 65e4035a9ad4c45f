// The table of stanzas: init(5), "Stanzas". To add one is to add an entry to a group (groups.hpp), and its
// value to JobClass; the test of texts/ then tells which generated text is out of date.
#pragma once

#include "daemons/job-supervisor/language/stanzas/stanza.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

// In the order in which a class is written.
[[nodiscard]] std::span<const StanzaGroup> stanza_groups();
// Those of all groups, one after the other.
[[nodiscard]] std::span<const Stanza> stanzas();

// Those of a dialect that begin with that word.
class StanzaFamily {
public:
  StanzaFamily(std::string_view first_word, Dialect dialect);
  [[nodiscard]] bool empty() const { return alone_ == nullptr && pair_count_ == 0; }
  [[nodiscard]] bool has_pairs() const { return pair_count_ > 0; }
  [[nodiscard]] const Stanza* alone() const { return alone_; }
  [[nodiscard]] const Stanza* with(std::string_view second_word) const;
  [[nodiscard]] std::vector<std::string_view> second_words() const;

private:
  [[nodiscard]] std::span<const Stanza* const> pairs() const { return {pairs_.data(), pair_count_}; }

  static constexpr std::size_t most_pairs = 4; // more than any word has: checked by a test
  const Stanza* alone_ = nullptr;
  std::array<const Stanza*, most_pairs> pairs_{};
  std::size_t pair_count_ = 0;
};

// "did you mean `respawn`?", or another hint; may be empty.
[[nodiscard]] std::string suggested_stanza(std::string_view word, Dialect dialect);

} // namespace upstart::supervisor
