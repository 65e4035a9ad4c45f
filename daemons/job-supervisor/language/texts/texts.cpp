#include "daemons/job-supervisor/language/texts/texts.hpp"

#include "daemons/job-supervisor/language/texts/fuzz-words.hpp"
#include "daemons/job-supervisor/language/texts/manual.hpp"
#include "daemons/job-supervisor/language/texts/vim.hpp"

#include <array>
#include <format>

namespace upstart::supervisor::texts {

namespace {

using Renewed = std::expected<std::string, std::string>;

Renewed renewed_manual(std::string_view text) {
  return with_region(text, "stanzas that add up", adding_stanzas())
      .and_then([](const std::string& page) { return with_region(page, "stanzas", stanza_sections()); })
      .and_then([](const std::string& page) { return with_region(page, "stanzas of event.d", event_d_stanzas()); });
}

Renewed renewed_vim_syntax(std::string_view text) { return with_region(text, "stanzas", vim_syntax()); }
Renewed renewed_vim_completion(std::string_view) { return vim_completion(); }
Renewed renewed_fuzz_words(std::string_view) { return fuzz_words(); }

constexpr std::array<Text, 4> all{{{"packaging/man/init.5", renewed_manual},
                                   {"packaging/vim/syntax/upstart.vim", renewed_vim_syntax},
                                   {"packaging/vim/autoload/upstart.vim", renewed_vim_completion},
                                   {"daemons/job-supervisor/language/fuzz/words.dict", renewed_fuzz_words}}};

} // namespace

std::span<const Text> generated_texts() { return all; }

Renewed with_region(std::string_view text, std::string_view mark, std::string_view region) {
  const auto first = std::format("begin generated: {}\n", mark);
  const auto last = std::format("end generated: {}\n", mark);
  const auto begin = text.find(first);
  if (begin == std::string_view::npos)
    return std::unexpected("there is no line with `" + first.substr(0, first.size() - 1) + "`");
  const auto from = begin + first.size();
  const auto end = text.find(last, from);
  if (end == std::string_view::npos)
    return std::unexpected("there is no line with `" + last.substr(0, last.size() - 1) + "`");
  const auto to = text.rfind('\n', end) + 1;
  return std::string(text.substr(0, from)).append(region).append(text.substr(to));
}

} // namespace upstart::supervisor::texts
