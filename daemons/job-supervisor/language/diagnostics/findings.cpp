#include "daemons/job-supervisor/language/diagnostics/findings.hpp"

#include "daemons/job-supervisor/language/words/lints.hpp"

#include <algorithm>

namespace upstart::supervisor {

namespace {

// Turns offsets into lines; made only when there is something to say.
class Lines {
public:
  explicit Lines(std::string_view text) : text_(text) {
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1))
      begins_.push_back(end + 1);
  }

  [[nodiscard]] Diagnostic at(std::size_t offset) const {
    const auto next = std::ranges::upper_bound(begins_, offset);
    const auto begin = *std::prev(next);
    Diagnostic place;
    place.line = static_cast<std::size_t>(next - begins_.begin());
    if (begin == text_.size()) return place; // behind the last line: there is no text to point at
    place.column = offset - begin + 1;
    quote_source(place, text_.substr(begin, (next == begins_.end() ? text_.size() : *next) - begin));
    return place;
  }

private:
  // Of a very long line, the part around the place.
  static void quote_source(Diagnostic& place, std::string_view line) {
    constexpr std::size_t longest = 200;
    constexpr std::size_t before = 80;
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    const auto at = std::min(place.column - 1, line.size());
    const auto from = line.size() > longest && at > before ? at - before : 0;
    place.source = from < line.size() ? line.substr(from, longest) : std::string_view{};
    place.caret = at - from + 1;
  }

  std::string_view text_;
  std::vector<std::size_t> begins_{0};
};

} // namespace

void Findings::error(const Fault& fault, std::size_t about) {
  any_error_ = true;
  if (!full()) found_.push_back({about, Diagnostic::Severity::error, fault});
}

void Findings::warning(const Fault& fault) {
  if (!full() && !is_ignored(text_, fault.lint)) found_.push_back({fault.offset, Diagnostic::Severity::warning, fault});
}

std::vector<Diagnostic> Findings::diagnostics() && {
  if (found_.empty()) return {};
  std::ranges::stable_sort(found_, {}, &Finding::about);
  const Lines lines(text_);
  std::vector<Diagnostic> result;
  for (auto& [about, severity, fault] : found_) {
    auto& said = result.emplace_back(lines.at(fault.offset));
    said.severity = severity;
    said.message = std::move(fault.message);
    said.suggestion = std::move(fault.suggestion);
    said.lint = fault.lint;
    if (!fault.cause) continue;
    auto& note = result.emplace_back(lines.at(*fault.cause));
    note.severity = Diagnostic::Severity::note;
    note.message = std::move(fault.cause_message);
  }
  if (full()) result.push_back({.severity = Diagnostic::Severity::note, .message = "only the first 100 are shown"});
  return result;
}

} // namespace upstart::supervisor
