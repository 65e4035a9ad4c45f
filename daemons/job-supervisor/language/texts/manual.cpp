#include "daemons/job-supervisor/language/texts/manual.hpp"

#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

#include <algorithm>
#include <format>
#include <functional>
#include <ranges>
#include <vector>

namespace upstart::supervisor::texts {

namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// The arguments of a stanza as a usage text has them, turned into macros: names into .Ar, words that stand for
// themselves into .Cm, brackets into .Oo and .Oc. What stands together stays together (.Ns).
class Arguments {
public:
  explicit Arguments(std::string_view usage) : rest_(usage) {}

  std::string as_macros() && {
    while (!rest_.empty()) part();
    return std::move(text_);
  }

private:
  static constexpr std::string_view ellipsis = "…";

  void part() {
    if (rest_.starts_with(' ')) return gap();
    if (rest_.starts_with(ellipsis)) return ellipsis_part();
    if (rest_.starts_with('[')) return bracket("Oo", true);
    if (rest_.starts_with(']')) return bracket("Oc", false);
    if (rest_.starts_with('|')) return add_alternative();
    if (is_upper(rest_.front())) return add("Ar", take(is_upper));
    if (is_lower(rest_.front())) return add("Cm", take(is_lower));
    const auto other = [](char c) { return c == '=' || c == '-' || c == '%' || (c >= '0' && c <= '9'); };
    auto literal = std::string(take(other));
    if (literal.starts_with('-')) literal.insert(0, "\\");
    add("No", literal);
  }

  void gap() {
    rest_.remove_prefix(1);
    glued_ = false;
  }
  void ellipsis_part() {
    rest_.remove_prefix(ellipsis.size());
    text_ += " ...";
    glued_ = false;
  }
  void bracket(std::string_view macro, bool opens) {
    rest_.remove_prefix(1);
    if (opens && glued_) text_ += " Ns";
    text_.append(" ").append(macro);
    glued_ = !opens;
  }
  void add_alternative() {
    rest_.remove_prefix(1);
    text_ += " |";
    glued_ = false;
  }
  void add(std::string_view macro, std::string_view word) {
    if (glued_) text_ += " Ns";
    text_.append(" ").append(macro).append(" ").append(word);
    glued_ = true;
  }

  template <class Predicate> std::string_view take(Predicate belongs) {
    const auto end = std::ranges::find_if_not(rest_, belongs);
    const auto word = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(word.empty() ? 1 : word.size()); // a character of no kind is left out
    return word;
  }

  std::string_view rest_;
  std::string text_;
  bool glued_ = false;
};

std::string head_of(const Stanza& stanza) {
  auto head = std::format(".It Ic {}{}", stanza.name, Arguments(stanza.arguments).as_macros());
  if (stanza.takes == Stanza::Takes::script) head += " No ... Ic end script";
  return head + '\n';
}

template <std::ranges::input_range Stanzas> std::string list_of(Stanzas&& stanzas) {
  std::string text = ".Bl -tag -width Ds\n";
  for (const auto& stanza : stanzas) {
    text += head_of(stanza);
    if (!stanza.manual.empty()) text.append(stanza.manual) += '\n';
  }
  return text + ".El\n";
}

bool only_event_d(const Stanza& stanza) { return stanza.in == Stanza::In::event_d; }

std::string section_of(const StanzaGroup& group) {
  auto text = std::format(".Ss {}\n", group.title);
  text += list_of(group.stanzas | std::views::filter(std::not_fn(only_event_d)));
  if (!group.closing.empty()) text.append(".Pp\n").append(group.closing) += '\n';
  return text;
}

} // namespace

std::string adding_stanzas() {
  std::string names;
  for (const auto& stanza : stanzas())
    if (stanza.repeated == Stanza::Repeated::adds && !only_event_d(stanza))
      names.append(names.empty() ? ".Ic " : " , ").append(stanza.name);
  return names + '\n';
}

// A file begins with what the job is; a reader asks for that last.
std::string stanza_sections() {
  auto groups = std::ranges::to<std::vector<StanzaGroup>>(stanza_groups());
  std::ranges::rotate(groups, std::next(groups.begin()));
  std::string text;
  for (const auto& group : groups) text += section_of(group);
  return text;
}

std::string event_d_stanzas() { return list_of(stanzas() | std::views::filter(only_event_d)); }

} // namespace upstart::supervisor::texts
