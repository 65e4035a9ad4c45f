#include "daemons/job-supervisor/language/parse-job.hpp"

#include "daemons/base/values/suggestions.hpp"
#include "daemons/job-supervisor/language/diagnostics/findings.hpp"
#include "daemons/job-supervisor/language/lint/text-warnings.hpp"
#include "daemons/job-supervisor/language/lint/warnings.hpp"
#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <iterator>

namespace upstart::supervisor {

namespace {

std::size_t line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::vector<std::size_t> lines_of(std::string_view text, const ExpressionPlaces& places) {
  std::vector<std::size_t> lines;
  std::ranges::transform(places.nodes, std::back_inserter(lines), [&](auto offset) { return line_of(text, offset); });
  return lines;
}

class FileParser {
public:
  FileParser(std::string_view text, const ParseOptions& options)
      : text_(text),
        dialect_(options.dialect),
        lexer_(text),
        findings_(text),
        job_(options.base != nullptr ? *options.base : JobClass{}) {
    job_.name = options.name;
    job_.path = options.path;
    if (dialect_ == Dialect::event_d) job_.positional_parameters = true;
  }

  ParseResult parse() {
    refuse_nul();
    while (next_stanza()) stanza();
    warn_of_text(text_, facts_, findings_);
    if (dialect_ == Dialect::event_d && !job_.respawn && !facts_.service) job_.task = true;
    ParseResult result;
    if (!findings_.any_error()) {
      warn(job_, facts_, findings_);
      result.job_class = std::make_shared<const JobClass>(std::move(job_));
    }
    result.diagnostics = std::move(findings_).diagnostics();
    for (std::size_t kind = 0; kind < process_kinds; ++kind)
      if (const auto& script = facts_.scripts[kind]) result.script_lines[kind] = line_of(text_, script->begin);
    return result;
  }

  // What is known of the file, after `parse`.
  [[nodiscard]] const FileFacts& facts() const { return facts_; }

private:
  void refuse_nul() {
    const auto at = text_.find('\0');
    if (at == std::string_view::npos) return;
    const bool utf_16 = text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF");
    const auto* advice = utf_16 ? "the file is encoded in UTF-16; save it as UTF-8" : "a job file is plain text";
    findings_.error({"Illegal NUL byte", at, advice, {}, {}}, at);
  }

  bool next_stanza() {
    lexer_.skip_space(true);
    return !lexer_.at_end() && !findings_.full();
  }

  void stanza() {
    const auto begin = lexer_.offset();
    const auto word = lexer_.token();
    if (!word) return recover(word.error(), begin);
    const StanzaFamily family(word->value, dialect_);
    if (family.empty()) return unknown(*word);
    if (const auto* known = choose(family, begin)) read(*known, begin);
  }

  // Which stanza of those that begin with the same word.
  const Stanza* choose(const StanzaFamily& family, std::size_t begin) {
    if (!family.has_pairs()) return family.alone();
    lexer_.skip_space();
    const auto at = lexer_.offset();
    if (lexer_.at_stanza_end()) {
      if (family.alone() != nullptr) return family.alone();
      recover({"Expected token", at, base::near_miss_or_list({}, family.second_words()), {}, {}}, begin);
      return nullptr;
    }
    const auto second = lexer_.token();
    if (second) {
      if (const auto* pair = family.with(second->value)) return pair;
    }
    if (family.alone() != nullptr) {
      lexer_.move_to(at);
      return family.alone();
    }
    if (second)
      recover({"Unknown stanza", at, base::near_miss_or_list(second->value, family.second_words()), {}, {}}, begin);
    else recover(second.error(), begin);
    return nullptr;
  }

  void read(const Stanza& stanza, std::size_t begin) {
    Statement statement(lexer_, job_, facts_, dialect_, begin, {stanza.name, stanza.arguments});
    stanza.parse(statement);
    statement.finish();
    if (statement.failed()) return recover(*statement.fault(), begin);
    warn_if_replaced(stanza, begin);
  }

  static std::string_view slot_of(const Stanza& stanza) { return stanza.slot.empty() ? stanza.name : stanza.slot; }
  static std::string description_of(std::string_view slot) {
    return slot == "main" ? "main process" : std::format("`{}`", slot);
  }

  void warn_if_replaced(const Stanza& stanza, std::size_t begin) {
    const auto slot = slot_of(stanza);
    const auto before = facts_.given.give(slot, begin);
    if (!before || stanza.repeated != Stanza::Repeated::replaces || dialect_ == Dialect::event_d) return;
    findings_.warning({std::format("this replaces an earlier {}", description_of(slot)),
                       begin,
                       {},
                       before,
                       "it was given here",
                       "replaced-stanza"});
  }

  void unknown(const Token& word) {
    recover({"Unknown stanza", word.begin, suggested_stanza(word.value, dialect_), {}, {}}, word.begin);
  }

  // Reports what is wrong with a stanza, and finds where to continue.
  void recover(const Fault& fault, std::size_t begin) {
    findings_.error(fault, begin);
    const bool unclosed = fault.cause.has_value(); // a quote, parenthesis or block takes the rest of the file
    const bool block = unclosed && stands_at_block(begin);
    if (block || (unclosed && !may_read_again())) return lexer_.move_to(text_.size());
    lexer_.move_to(unclosed ? begin : std::max(fault.offset, begin));
    lexer_.skip_stanza();
    if (stands_at_block(begin)) pass_block();
    else if (unclosed || stands_at_expression(begin)) pass_to_stanza();
  }

  // Text behind something unclosed is read a second time, but so seldom that parsing stays linear.
  bool may_read_again() {
    constexpr int most = 4;
    return ++second_readings_ <= most;
  }

  void pass_block() {
    if (may_read_again()) lexer_.skip_block();
  }

  void pass_to_stanza() {
    while (!lexer_.at_end() && !stands_at_stanza(lexer_.offset())) lexer_.skip_line_rest();
  }

  // The first two words of the line at an offset, as they stand.
  [[nodiscard]] std::array<std::string_view, 2> words_at(std::size_t offset) const {
    std::array<std::string_view, 2> words;
    constexpr std::size_t longest = 80;
    auto line = text_.substr(offset, longest);
    line = line.substr(0, line.find('\n'));
    for (auto& word : words) {
      line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
      word = line.substr(0, line.find_first_of(" \t\r#"));
      line.remove_prefix(word.size());
    }
    return words;
  }

  [[nodiscard]] bool stands_at_stanza(std::size_t offset) const {
    return !StanzaFamily(words_at(offset)[0], dialect_).empty();
  }

  [[nodiscard]] bool stands_at_expression(std::size_t offset) const {
    const auto words = words_at(offset);
    return words[1] == "on" || words[0] == "on";
  }

  // A line that begins a block, or seems to be meant to.
  [[nodiscard]] bool stands_at_block(std::size_t offset) const {
    const auto words = words_at(offset);
    const StanzaFamily family(words[0], dialect_);
    if (base::edit_distance(words[0], "script") <= 2) return true;
    if (base::edit_distance(words[1], "script") <= 2) return family.empty() || family.has_pairs();
    return words[1].empty() && family.with("script") != nullptr;
  }

  std::string_view text_;
  Dialect dialect_;
  Lexer lexer_;
  Findings findings_;
  JobClass job_;
  FileFacts facts_;
  int second_readings_ = 0;
};

} // namespace

ParseResult parse_job(std::string_view text, const ParseOptions& options) { return FileParser(text, options).parse(); }

ParsedWithLines parse_job_with_lines(std::string_view text, const ParseOptions& options) {
  FileParser parser(text, options);
  auto result = parser.parse();
  const auto& facts = parser.facts();
  return {.result = std::move(result),
          .lines = {.start_on = lines_of(text, facts.start_on), .stop_on = lines_of(text, facts.stop_on)}};
}

} // namespace upstart::supervisor
