// One stanza of the language, whole: its name and arguments, how it is read and written, what the manual says of it,
// and the words that an editor colours and completes and that the fuzzer tries. Everything else that knows the stanzas
// goes over the table of these entries (stanzas.hpp), or is generated from it (texts/). Constants, owned by the table.
#pragma once

#include "daemons/job-supervisor/language/parsing/statement.hpp"
#include "daemons/job-supervisor/language/printing/printer.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace upstart::supervisor {

struct Stanza {
  // What follows the name: words, the rest of the line as a command, the lines of a script, or an event expression.
  enum class Takes : std::uint8_t { words, command, script, expression };
  // The dialects that have it.
  enum class In : std::uint8_t { both, conf, event_d };
  // Given twice in one file: the later replaces the earlier (with a warning), both count, or nothing changes.
  enum class Repeated : std::uint8_t { replaces, adds, same };

  std::string_view name;           // one word or two
  std::string_view arguments = {}; // as a usage text shows them
  std::string_view help;           // one line, for `init-checkconf --stanzas`
  std::string_view manual = {};    // paragraphs of init(5), in mdoc(7); empty: the next entry's are about both
  std::span<const std::string_view> words = {}; // that its arguments may be
  Takes takes = Takes::words;
  void (*parse)(Statement&);
  void (*print)(std::string_view name, const JobClass&, Printer&) = nullptr; // none: another writes what this one reads
  In in = In::both;
  Repeated repeated = Repeated::replaces;
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

// Stanzas about one thing: a section of the manual.
struct StanzaGroup {
  std::string_view title;
  std::span<const Stanza> stanzas;
  std::string_view closing = {}; // what the manual says after them, in mdoc(7)
};

} // namespace upstart::supervisor
