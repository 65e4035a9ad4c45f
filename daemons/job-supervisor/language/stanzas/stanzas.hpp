// The stanzas of the language. One entry is the whole of one stanza: its name, its arguments, how it is read, how it is
// written and what it means; adding a stanza is adding an entry.
#pragma once

#include "daemons/job-supervisor/language/parsing/statement.hpp"
#include "daemons/job-supervisor/language/printing/printer.hpp"

#include <span>
#include <string_view>

namespace upstart::supervisor {

struct Stanza {
  std::string_view name;      // one word or two
  std::string_view arguments; // as a usage text shows them
  std::string_view help;
  void (*parse)(Statement&);
  void (*print)(std::string_view name, const JobClass&, Printer&); // nothing: another stanza writes what this one reads
  enum class In : std::uint8_t { both, conf, event_d } in = In::both;
  enum class Again : std::uint8_t { replaces, harmless } again = Again::replaces; // given twice in one file
  std::string_view slot = {}; // stanzas of one slot replace each other; empty: the name

  [[nodiscard]] constexpr bool belongs_to(Dialect dialect) const {
    return in == In::both || (in == In::event_d) == (dialect == Dialect::event_d);
  }
  [[nodiscard]] constexpr std::string_view first_word() const { return name.substr(0, name.find(' ')); }
  // Empty for a stanza of one word.
  [[nodiscard]] constexpr std::string_view second_word() const {
    const auto space = name.find(' ');
    return space == std::string_view::npos ? std::string_view{} : name.substr(space + 1);
  }
};

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

  const Stanza* alone_ = nullptr;
  std::array<const Stanza*, 4> pairs_{}; // more than any word has
  std::size_t pair_count_ = 0;
};

// "did you mean `respawn`?", or another hint; may be empty.
[[nodiscard]] std::string suggested_stanza(std::string_view word, Dialect dialect);

} // namespace upstart::supervisor
