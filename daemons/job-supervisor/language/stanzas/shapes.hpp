// How stanzas of the common shapes are read and written: one text, a list, a flag, seconds, a word out of a few. Each
// takes the member of JobClass that it is about.
#pragma once

#include "daemons/job-supervisor/language/stanzas/stanza.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <limits>

namespace upstart::supervisor::shape {

template <auto member> void parse_text(Statement& in) { in.job.*member = in.word(); }
template <auto member> void print_text(std::string_view name, const JobClass& job, Printer& out) {
  if (!(job.*member).empty()) out.line(name, job.*member);
}

template <auto member> void parse_list(Statement& in) {
  std::ranges::move(in.words(), std::back_inserter(in.job.*member));
}
template <auto member> void print_list(std::string_view name, const JobClass& job, Printer& out) {
  for (const auto& value : job.*member) out.line(name, value);
}

template <auto member> void parse_flag(Statement& in) { in.job.*member = true; }
template <auto member> void print_flag(std::string_view name, const JobClass& job, Printer& out) {
  if (job.*member) out.line(name);
}

template <ProcessKind kind> void parse_exec(Statement& in) {
  in.job.commands[static_cast<std::size_t>(kind)] = in.command();
}
template <ProcessKind kind> void print_exec(std::string_view name, const JobClass& job, Printer& out) {
  const auto& command = job.command(kind);
  if (command && !command->script) out.verbatim(name, command->text);
}

template <ProcessKind kind> void parse_script(Statement& in) {
  in.job.commands[static_cast<std::size_t>(kind)] = in.script(kind);
}
template <ProcessKind kind> void print_script(std::string_view name, const JobClass& job, Printer& out) {
  const auto& command = job.command(kind);
  if (command && command->script) out.script(name, command->text);
}

// Messages that several stanzas share.
inline constexpr std::string_view bad_limit = "Illegal limit, expected 'unlimited' or integer";
inline constexpr std::string_view bad_interval = "Illegal interval, expected number of seconds";
inline constexpr int most_seconds = std::numeric_limits<int>::max();

template <auto member> void parse_seconds(Statement& in) {
  if (const auto seconds = in.number(0, most_seconds, bad_interval)) in.job.*member = std::chrono::seconds{*seconds};
}
template <auto member> void print_seconds(std::string_view name, const JobClass& job, Printer& out) {
  if (job.*member != JobClass{}.*member) out.line(name, (job.*member).count());
}

// The words of a table of (word, value).
template <const auto& table>
inline constexpr auto words_of = [] {
  std::array<std::string_view, std::size(table)> words;
  std::ranges::transform(table, words.begin(), [](const auto& entry) { return entry.first; });
  return words;
}();

// Stanzas that say their value with a word of `words` (the first of a value is the one it is written with).
template <auto member, const auto& words> void parse_choice(Statement& in) {
  if (const auto value = in.choice(words)) in.job.*member = *value;
}
template <auto member, const auto& words> void print_choice(std::string_view name, const JobClass& job, Printer& out) {
  if (job.*member == JobClass{}.*member) return;
  const auto found = std::ranges::find_if(words, [&](const auto& entry) { return job.*member == entry.second; });
  if (found != std::end(words)) out.line(name, found->first);
}

// Where in a list an entry of that key stands, or is to be added. `places` is filled at the first call.
template <class Entries, class KeyOf>
[[nodiscard]] std::size_t place_of(std::map<std::string, std::size_t, std::less<>>& places, const Entries& entries,
                                   std::string key, KeyOf key_of) {
  if (places.empty())
    for (std::size_t i = 0; i < entries.size(); ++i) places.emplace(key_of(entries[i]), i);
  return places.try_emplace(std::move(key), entries.size()).first->second;
}

} // namespace upstart::supervisor::shape
