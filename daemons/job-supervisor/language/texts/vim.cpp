#include "daemons/job-supervisor/language/texts/vim.hpp"

#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

#include <algorithm>
#include <format>
#include <vector>

namespace upstart::supervisor::texts {

namespace {

// A longer name after that which begins it: of two matches at one place vim takes the later.
std::vector<const Stanza*> by_name() {
  std::vector<const Stanza*> all;
  for (const auto& stanza : stanzas()) all.push_back(&stanza);
  std::ranges::sort(all, {}, &Stanza::name);
  return all;
}

std::string pattern_of(const Stanza& stanza) {
  if (stanza.second_word().empty()) return std::format(R"(^\s*{})", stanza.first_word());
  return std::format(R"(^\s*{}\s\+{})", stanza.first_word(), stanza.second_word());
}

// "upstartKillModeWord"
std::string word_group_of(const Stanza& stanza) {
  std::string group = "upstart";
  bool begins = true;
  for (const char c : stanza.name) {
    const bool letter = c >= 'a' && c <= 'z';
    if (letter) group += begins ? static_cast<char>(c - 'a' + 'A') : c;
    begins = !letter;
  }
  return group + "Word";
}

std::string joined(std::span<const std::string_view> words, std::string_view between) {
  std::string text;
  for (const auto word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

std::string match_of(const Stanza& stanza) {
  using enum Stanza::Takes;
  const auto pattern = pattern_of(stanza);
  if (stanza.takes == command) return std::format("syn match upstartProcess \"{}\\>\"\n", pattern);
  if (stanza.words.empty())
    return std::format("syn match upstartStanza \"{}\\>\" nextgroup=upstartNumber skipwhite\n", pattern);
  const auto group = word_group_of(stanza);
  return std::format("syn match upstartStanza \"{}\\>\" nextgroup=upstartNumber,{} skipwhite\n"
                     "syn keyword {} {} contained\n"
                     "hi def link {} Constant\n",
                     pattern, group, group, joined(stanza.words, " "), group);
}

// All stanzas of a kind are one region: each has its beginning in it.
std::string region_of(Stanza::Takes kind, std::string_view begin, std::string_view behind, std::string_view end) {
  std::string text(begin);
  for (const auto* stanza : by_name())
    if (stanza->takes == kind) text += std::format(" start=\"{}{}\"", pattern_of(*stanza), behind);
  return text.append(" ").append(end) += '\n';
}

// As a string of vim's language.
std::string vim_string(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result.append(c == '\'' ? 2 : 1, c);
  return result + '\'';
}

std::string item_of(const Stanza& stanza) {
  return std::format("      \\ {{'word': {}, 'menu': {}, 'info': {}}},\n", vim_string(stanza.name),
                     vim_string(stanza.arguments), vim_string(stanza.help));
}

std::string words_item_of(const Stanza& stanza) {
  return std::format("      \\ {}: {},\n", vim_string(stanza.name), vim_string(joined(stanza.words, " ")));
}

} // namespace

std::string vim_syntax() {
  std::string text;
  for (const auto* stanza : by_name())
    if (stanza->takes == Stanza::Takes::words || stanza->takes == Stanza::Takes::command) text += match_of(*stanza);
  text += region_of(Stanza::Takes::expression, "syn region upstartCondition matchgroup=upstartStanza", R"(\>)",
                    R"(skip="\\$" end="$" contains=@upstartExpression)");
  return text + region_of(Stanza::Takes::script, "syn region upstartScript matchgroup=upstartProcess",
                          R"(\s*\%(#.*\)\?$)",
                          R"(end="^\s*end\%(\s\+\|-\)script\s*\%(#.*\)\?$" contains=@upstartShell fold)");
}

std::string vim_completion() {
  std::string text = R"(" Completion of the stanzas of Upstart job files: CTRL-X CTRL-O.
" Generated from the table of stanzas by the target job-language-texts; do not edit.

let s:stanzas = [
)";
  for (const auto* stanza : by_name()) text += item_of(*stanza);
  text += "      \\ ]\nlet s:words = {\n";
  for (const auto* stanza : by_name())
    if (!stanza->words.empty()) text += words_item_of(*stanza);
  return text + R"(      \ }

function! upstart#Complete(findstart, base) abort
  let before = strpart(getline('.'), 0, col('.') - 1)
  let stanza = substitute(matchstr(before, '^\s*\zs\l\%(.*\s\)\?\ze\S*$'), '\s\+', ' ', 'g')
  let stanza = substitute(stanza, ' $', '', '')
  if a:findstart
    return has_key(s:words, stanza) ? matchend(before, '.*\s') : matchend(before, '^\s*')
  endif
  if has_key(s:words, stanza)
    return filter(split(s:words[stanza]), 'stridx(v:val, a:base) == 0')
  endif
  return filter(copy(s:stanzas), 'stridx(v:val.word, a:base) == 0')
endfunction
)";
}

} // namespace upstart::supervisor::texts
