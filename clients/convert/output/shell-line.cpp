#include "clients/convert/output/shell-line.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace upstart::convert {

namespace {

constexpr std::string_view blanks = " \t";

// Those for which there need be no program of the name, or which do another thing than it. That there is a program, too
// (echo, kill, test), does no harm: what is here is run by the shell itself.
constexpr std::array of_shell{
    "!",      ".",       ":",        "[[",       "alias",   "bg",      "break",   "builtin", "caller",   "case",
    "cd",     "command", "continue", "coproc",   "declare", "dirs",    "disown",  "do",      "done",     "echo",
    "elif",   "else",    "enable",   "esac",     "eval",    "exec",    "exit",    "export",  "false",    "fc",
    "fg",     "fi",      "for",      "function", "getopts", "hash",    "history", "if",      "in",       "jobs",
    "kill",   "let",     "local",    "popd",     "printf",  "pushd",   "pwd",     "read",    "readonly", "return",
    "select", "set",     "shift",    "shopt",    "source",  "test",    "then",    "time",    "times",    "trap",
    "true",   "type",    "typeset",  "ulimit",   "umask",   "unalias", "unset",   "until",   "wait",     "while",
    "{",      "}",       "["};

bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_assignment(std::string_view word) {
  auto equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0 || (word[0] >= '0' && word[0] <= '9')) return false;
  auto name = word.substr(0, equals);
  if (name.ends_with('+')) name.remove_suffix(1);
  return std::ranges::all_of(name, is_of_name);
}

std::size_t past_expansion(std::string_view line, std::size_t at);

// Behind the closing quote of what begins at `at'.
std::size_t past_single(std::string_view line, std::size_t at) {
  auto end = line.find('\'', at + 1);
  return end == std::string_view::npos ? end : end + 1;
}
std::size_t past_double(std::string_view line, std::size_t at) {
  for (++at; at < line.size();) {
    if (line[at] == '"') return at + 1;
    if (line[at] == '\\') at += 2;
    else if (line[at] == '$' || line[at] == '`') at = past_expansion(line, at);
    else ++at;
  }
  return std::string_view::npos;
}

// Behind $(…), ${…}, `…` or what else begins at `at'; nowhere where it has no end.
std::size_t past_expansion(std::string_view line, std::size_t at) {
  if (line[at] == '`') {
    for (++at; at < line.size() && line[at] != '`';) at += line[at] == '\\' ? 2 : 1;
    return at < line.size() ? at + 1 : std::string_view::npos;
  }
  if (at + 1 >= line.size() || (line[at + 1] != '(' && line[at + 1] != '{')) return at + 1;
  const char open = line[at + 1], close = open == '(' ? ')' : '}';
  std::size_t depth = 1;
  for (at += 2; at < line.size() && depth > 0;) {
    if (line[at] == '\\') at += 2;
    else if (line[at] == '\'') at = past_single(line, at);
    else if (line[at] == '"') at = past_double(line, at);
    else if (line[at] == '$' || line[at] == '`') at = past_expansion(line, at);
    else depth += line[at] == open ? 1 : line[at] == close ? -1 : 0, ++at;
  }
  return depth == 0 ? at : std::string_view::npos;
}

// Whether this & belongs to a redirection such as 2>&1.
bool is_of_redirection(std::string_view line, std::size_t at) {
  return at > 0 && (line[at - 1] == '>' || line[at - 1] == '<');
}

// What ends a command, or makes several of it.
bool divides(std::string_view line, std::size_t at) {
  if (line[at] == '&') return !is_of_redirection(line, at);
  if (line[at] == '#') return at == 0 || blanks.contains(line[at - 1]);
  return std::string_view{";|()\n"}.contains(line[at]);
}

// Whether it is one command, of which the shell finds the end.
bool is_one_command(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == '\\') at += 2;
    else if (line[at] == '\'') at = past_single(line, at);
    else if (line[at] == '"') at = past_double(line, at);
    else if (line[at] == '$' || line[at] == '`') at = past_expansion(line, at);
    else if (divides(line, at)) return false;
    else ++at;
    if (at > line.size()) return false; // a quote is not closed, or nothing is behind a backslash
  }
  return true;
}

} // namespace

bool is_one_program(std::string_view line) {
  auto begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return false;
  line.remove_prefix(begin);
  auto word = line.substr(0, line.find_first_of(blanks));
  bool is_redirection = word.find_first_of("<>") == 0 || (word.size() > 1 && word.find_first_of("<>") == 1);
  if (is_redirection || is_assignment(word) || std::ranges::contains(of_shell, word)) return false;
  return is_one_command(line);
}

} // namespace upstart::convert
