// How stanzas of the common shapes are read and written: one text, a list, a flag, a number, a word out of a few.
// Each takes the member of JobClass that it is about.
#pragma once

#include "daemons/job-supervisor/language/parsing/statement.hpp"
#include "daemons/job-supervisor/language/printing/printer.hpp"

#include <algorithm>
#include <iterator>

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

// Stanzas that say their value with a word of `words` (the first of a value is the one it is written with).
template <auto member, const auto& words> void parse_choice(Statement& in) {
  if (const auto value = in.choice(words)) in.job.*member = *value;
}
template <auto member, const auto& words> void print_choice(std::string_view name, const JobClass& job, Printer& out) {
  if (job.*member == JobClass{}.*member) return;
  const auto found = std::ranges::find_if(words, [&](const auto& entry) { return job.*member == entry.second; });
  if (found != std::end(words)) out.line(name, found->first);
}

} // namespace upstart::supervisor::shape
