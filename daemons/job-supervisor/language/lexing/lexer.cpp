#include "daemons/job-supervisor/language/lexing/lexer.hpp"

#include "daemons/job-supervisor/language/lexing/characters.hpp"
#include "daemons/job-supervisor/language/lexing/script-block.hpp"

#include <array>
#include <utility>

namespace upstart::supervisor {

// The value of a token or command as it grows. Plain white space at its end is remembered, because a line end takes the
// white space around it along.
class Lexer::Collector {
public:
  explicit Collector(bool verbatim) : verbatim_(verbatim) {}

  void ordinary(std::string_view part) {
    flush_gap();
    text_ += part;
    plain_space_ = 0;
  }
  void escape(char c) {
    flush_gap();
    const bool resolved = !verbatim_ && (is_space(c) || c == '\\');
    if (!resolved) text_ += '\\';
    text_ += c;
    plain_space_ = 0;
  }
  void quote(char c) {
    flush_gap();
    if (verbatim_) text_ += c;
    plain_space_ = 0;
    quoted_ = true;
  }
  void quoted_space(char c) {
    text_ += c;
    ++plain_space_;
  }
  void quoted_line_end() {
    text_.resize(text_.size() - plain_space_);
    text_ += ' ';
    plain_space_ = 1;
  }
  // Between the words of a command: kept if more follows.
  void gap(std::string_view space) { gap_ += space; }
  void joined_gap() { gap_ = " "; }
  // A word that goes on at the very beginning of the joined line.
  void joined_in_word() {
    text_ += ' ';
    plain_space_ = 0;
  }

  [[nodiscard]] Token finish(std::size_t begin) && { return {std::move(text_), begin, quoted_}; }

private:
  void flush_gap() {
    if (!text_.empty()) text_ += gap_;
    gap_.clear();
  }

  bool verbatim_;
  bool quoted_ = false;
  std::size_t plain_space_ = 0;
  std::string text_, gap_;
};

namespace {
constexpr std::string_view trailing_slash = "Trailing slash in file";
constexpr std::string_view unterminated_quote = "Unterminated quoted string";
constexpr std::string_view unterminated_block = "Unterminated block";

bool is_quote(char c) { return c == '"' || c == '\''; }

// Characters that mean nothing to the lexer wherever they stand.
constexpr auto plain_characters = [] {
  std::array<bool, 256> plain{};
  plain.fill(true);
  for (const char c : std::string_view(" \t\r\n\\\"'#()")) plain[static_cast<unsigned char>(c)] = false;
  return plain;
}();
} // namespace

// At least one character, and all plain ones that follow it.
std::string_view Lexer::take_run() {
  const auto begin = offset_++;
  while (!at_end() && plain_characters[static_cast<unsigned char>(text_[offset_])]) ++offset_;
  return text_.substr(begin, offset_ - begin);
}

std::size_t Lexer::join_length(std::size_t at) const {
  if (text_[at] != '\\') return 0;
  std::size_t end = at + 1;
  while (end < text_.size() && text_[end] == '\r') ++end;
  return end < text_.size() && text_[end] == '\n' ? end + 1 - at : 0;
}

bool Lexer::ends_token(char c, bool operators) const {
  return is_space(c) || c == '\n' || c == '#' || (operators && (c == '(' || c == ')'));
}

void Lexer::skip_space(bool lines) {
  while (!at_end()) {
    const char c = text_[offset_];
    if (is_space(c) || (lines && c == '\n')) ++offset_;
    else if (lines && c == '#') skip_line_rest();
    else if (const auto join = join_length(offset_)) offset_ += join;
    else return;
  }
}

bool Lexer::at_cut() const {
  return at('#') && offset_ > 0 && !is_space(text_[offset_ - 1]) && text_[offset_ - 1] != '\n';
}

bool Lexer::at_stanza_end() const { return at_end() || at('\n') || at('#'); }

void Lexer::skip_line_rest() {
  const auto end = text_.find('\n', offset_);
  offset_ = end == std::string_view::npos ? text_.size() : end + 1;
}

Read<void> Lexer::escaped_part(Collector& into) {
  if (offset_ + 1 == text_.size()) return std::unexpected(Fault{std::string(trailing_slash), offset_});
  into.escape(text_[offset_ + 1]);
  offset_ += 2;
  return {};
}

Read<void> Lexer::quoted_part(Collector& into, char quote) {
  const auto opened = offset_;
  into.quote(text_[offset_++]);
  while (!at_end()) {
    const char c = text_[offset_];
    const auto join = join_length(offset_);
    if (c == '\n' || join != 0) {
      into.quoted_line_end();
      offset_ += join != 0 ? join : 1;
      while (!at_end() && (is_space(text_[offset_]) || text_[offset_] == '\n')) ++offset_;
    } else if (c == '\\') {
      if (auto read = escaped_part(into); !read) return read;
    } else if (c == quote) {
      into.quote(text_[offset_++]);
      return {};
    } else if (is_space(c)) into.quoted_space(text_[offset_++]);
    else into.ordinary(take_run());
  }
  return std::unexpected(Fault{std::string(unterminated_quote), text_.size(), {}, opened, "the quote was opened here"});
}

Read<Token> Lexer::token(bool operators) {
  Collector value{false};
  const auto begin = offset_;
  while (!at_end() && !ends_token(text_[offset_], operators)) {
    const char c = text_[offset_];
    Read<void> read{};
    if (join_length(offset_) != 0) {
      while (!at_end() && join_length(offset_) != 0) offset_ += join_length(offset_);
      if (!at_end() && !ends_token(text_[offset_], operators)) value.joined_in_word();
    } else if (c == '\\') read = escaped_part(value);
    else if (is_quote(c)) read = quoted_part(value, c);
    else value.ordinary(take_run());
    if (!read) return std::unexpected(std::move(read).error());
  }
  return std::move(value).finish(begin);
}

Read<Token> Lexer::command() {
  Collector value{true};
  const auto begin = offset_;
  while (!at_stanza_end()) {
    const char c = text_[offset_];
    Read<void> read{};
    if (const auto join = join_length(offset_)) {
      skip_space();
      value.joined_gap();
    } else if (is_space(c)) {
      const auto from = offset_;
      while (!at_end() && is_space(text_[offset_])) ++offset_;
      value.gap(text_.substr(from, offset_ - from));
    } else if (c == '\\') read = escaped_part(value);
    else if (is_quote(c)) read = quoted_part(value, c);
    else value.ordinary(take_run());
    if (!read) return std::unexpected(std::move(read).error());
  }
  return std::move(value).finish(begin);
}

Read<Block> Lexer::block(std::size_t opened) {
  Block block{.text = {}, .begin = offset_, .end = 0, .inner_block = {}};
  std::optional<std::size_t> near_end;
  while (!at_end()) {
    const auto line_begin = offset_;
    skip_line_rest();
    const auto line = text_.substr(line_begin, offset_ - line_begin);
    if (ends_script(line)) {
      block.end = line_begin;
      block.text = without_common_indent(text_.substr(block.begin, line_begin - block.begin));
      return block;
    }
    if (!block.inner_block && begins_script(line)) block.inner_block = line_begin;
    if (!near_end && nearly_ends_script(line)) near_end = line_begin;
  }
  Fault fault{std::string(unterminated_block), text_.size(), "expected `end script` on a line of its own", opened,
              "the block was opened here"};
  if (near_end) fault.cause = near_end, fault.cause_message = "this looks like its end: did you mean `end script`?";
  return std::unexpected(std::move(fault));
}

void Lexer::skip_stanza() {
  while (!at_end()) {
    if (const auto join = join_length(offset_)) offset_ += join;
    else if (at('\\')) offset_ += 2;
    else if (at('\n') || at('#')) break;
    else ++offset_;
  }
  skip_line_rest();
}

void Lexer::skip_block() {
  const auto begin = offset_;
  const auto passed = block(begin);
  if (!passed || passed->inner_block) offset_ = begin;
}

} // namespace upstart::supervisor
