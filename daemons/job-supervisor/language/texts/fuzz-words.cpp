#include "daemons/job-supervisor/language/texts/fuzz-words.hpp"

#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

#include <format>
#include <set>

namespace upstart::supervisor::texts {

std::string fuzz_words() {
  // Of the language itself, and of values that are no words of a stanza.
  std::set<std::string_view> words{"and", "or", "end", "end script", "KEY=V", "K!=V", "SIGTERM"};
  for (const auto& stanza : stanzas()) {
    words.insert(stanza.name);
    words.insert(stanza.words.begin(), stanza.words.end());
  }
  std::string text = "# Generated from the table of stanzas by the target job-language-texts; do not edit.\n";
  for (const auto word : words) text += std::format("\"{}\"\n", word);
  return text;
}

} // namespace upstart::supervisor::texts
