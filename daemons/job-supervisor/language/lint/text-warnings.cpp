#include "daemons/job-supervisor/language/lint/text-warnings.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::supervisor {

namespace {

// In UTF-8. Those that some languages need between letters are not among them.
struct Invisible {
  std::string_view bytes, name;
};
constexpr std::array invisible{
    Invisible{"\xEF\xBB\xBF", "U+FEFF (byte order mark)"},
    Invisible{"\xC2\xA0", "U+00A0 (no-break space)"},
    Invisible{"\xC2\xAD", "U+00AD (soft hyphen)"},
    Invisible{"\xE2\x80\x87", "U+2007 (figure space)"},
    Invisible{"\xE2\x80\x8B", "U+200B (zero width space)"},
    Invisible{"\xE2\x80\xA8", "U+2028 (line separator)"},
    Invisible{"\xE2\x80\xA9", "U+2029 (paragraph separator)"},
    Invisible{"\xE2\x80\xAF", "U+202F (narrow no-break space)"},
    Invisible{"\xE2\x81\xA0", "U+2060 (word joiner)"},
    Invisible{"\xE3\x80\x80", "U+3000 (ideographic space)"},
};
constexpr int most_told = 5;

bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) > 0x7FU; }

void warn_of_invisible_characters(std::string_view text, Findings& findings) {
  int told = 0;
  auto at = std::ranges::find_if(text, is_beyond_ascii);
  while (at != text.end() && told < most_told) {
    const auto rest = std::string_view(at, text.end());
    const auto found =
        std::ranges::find_if(invisible, [&](const Invisible& each) { return rest.starts_with(each.bytes); });
    if (found != invisible.end()) {
      findings.warning({std::format("there is a character here that cannot be seen, {}", found->name),
                        static_cast<std::size_t>(at - text.begin()),
                        "it is no white space for init but part of a word; type the line anew",
                        {},
                        {},
                        "invisible-character"});
      ++told;
    }
    at = std::find_if(at + 1, text.end(), is_beyond_ascii);
  }
}

} // namespace

void warn_of_text(std::string_view text, const FileFacts& facts, Findings& findings) {
  warn_of_invisible_characters(text, findings);
  for (const auto cut : facts.cuts)
    findings.warning({"this `#` begins a comment, though it stands right behind a word: what follows is cut off",
                      cut,
                      "put the word in quotes, or a space before the comment",
                      {},
                      {},
                      "cut-by-comment"});
  for (const auto& [end, word] : facts.cut_here_documents)
    findings.warning({std::format("the block ended here, inside the here-document that waits for `{}`", word),
                      end,
                      "a line `end script` ends a block wherever it stands: let `echo` print such a line instead",
                      {},
                      {},
                      "here-document-end"});
}

} // namespace upstart::supervisor
