#include "daemons/job-supervisor/language/diagnostics/diagnostic.hpp"

#include <format>

namespace upstart::supervisor {

namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; } // of UTF-8

// Job files may hold control characters, which a terminal or a log must not get.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if ((static_cast<unsigned char>(c) < 0x20U && c != '\t') || c == 0x7F) c = '?';
  return result;
}

// As wide as what stands before the place, tabs kept.
std::string caret_line(std::string_view source, std::size_t caret) {
  std::string line;
  for (std::size_t i = 0; i + 1 < caret; ++i) {
    if (i >= source.size()) line += ' ';
    else if (!continues_character(source[i])) line += source[i] == '\t' ? '\t' : ' ';
  }
  return line + '^';
}

std::string headline(const Diagnostic& diagnostic, std::string_view path) {
  const auto message = printable(diagnostic.message);
  // Where a note belongs is said in words: lines that begin with a path are the diagnostics themselves.
  if (diagnostic.severity == Diagnostic::Severity::note)
    return diagnostic.line == 0 ? std::format("  note: {}\n", message)
                                : std::format("  note: line {}: {}\n", diagnostic.line, message);
  const auto* kind = diagnostic.severity == Diagnostic::Severity::warning ? "warning: " : "";
  const auto name = diagnostic.lint.empty() ? "" : std::format(" [{}]", diagnostic.lint);
  if (diagnostic.column == 0) return std::format("{}:{}: {}{}{}\n", path, diagnostic.line, kind, message, name);
  return std::format("{}:{}:{}: {}{}{}\n", path, diagnostic.line, diagnostic.column, kind, message, name);
}

// The line itself, the caret and the suggestion.
std::string details(const Diagnostic& diagnostic) {
  std::string text;
  if (!diagnostic.source.empty()) text += std::format("    {}\n", printable(diagnostic.source));
  if (!diagnostic.source.empty() && diagnostic.caret != 0)
    text += std::format("    {}\n", caret_line(diagnostic.source, diagnostic.caret));
  if (!diagnostic.suggestion.empty()) text += std::format("  {}\n", printable(diagnostic.suggestion));
  return text;
}

} // namespace

std::string format(const Diagnostic& diagnostic, std::string_view path) {
  return headline(diagnostic, path) + details(diagnostic);
}

std::string format_for_log(const Diagnostic& diagnostic, std::string_view path) {
  const auto message = printable(diagnostic.message);
  const auto place = diagnostic.line == 0 ? "" : std::format("line {}: ", diagnostic.line);
  auto text = diagnostic.severity == Diagnostic::Severity::error
                  ? format(diagnostic, path)
                  : std::format("{}: {}{}\n", path, place, message) + details(diagnostic);
  text.pop_back();
  return text;
}

} // namespace upstart::supervisor
