// The tokens of a job file: init(5), "Form". A Lexer walks once over the text and knows where it stands only
// as an offset; line and column are worked out only when there is something to report. Every call consumes
// what it looked at or leaves the position where it was, so that reading a whole file is linear in its size.
#pragma once

#include "daemons/job-supervisor/language/lexing/fault.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

struct Token {
  std::string value;     // quotes and escapes resolved
  std::size_t begin = 0; // offset of its first byte
  bool quoted = false;   // any part of it: then it is no operator
};

// A block as it is handed to the shell, and what looks wrong inside.
struct Block {
  std::string text;
  std::size_t begin = 0;                  // offset of its first line
  std::size_t end = 0;                    // of the line that ends it
  std::optional<std::size_t> inner_block; // offset of a line in it that looks like the beginning of another block
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t offset() const { return offset_; }
  void move_to(std::size_t offset) { offset_ = offset; }
  [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }

  // White space and joined lines; with `lines`, also line ends and comments (inside parentheses).
  void skip_space(bool lines = false);
  // After skip_space: does the stanza end here (line end, comment, end of file)?
  [[nodiscard]] bool at_stanza_end() const;
  // A comment begins here, right behind a word.
  [[nodiscard]] bool at_cut() const;
  [[nodiscard]] bool at(char c) const { return !at_end() && text_[offset_] == c; }
  void skip_character() { ++offset_; }
  // Passes a comment and the line end.
  void skip_line_rest();

  // One token; `operators`: an unquoted parenthesis ends it. There must be one here.
  Read<Token> token(bool operators = false);
  // The rest of the line as a command: joins resolved, comment removed, quotes kept.
  Read<Token> command();
  // The lines up to `end script`; stands behind it afterwards. `opened` is where the block began.
  Read<Block> block(std::size_t opened);

  // Passes the rest of a stanza that is wrong: its line, and those joined to it.
  void skip_stanza();
  // Passes a block whose first line was wrong, if it has an end that is not that of another one.
  void skip_block();

private:
  class Collector;
  [[nodiscard]] std::size_t join_length(std::size_t at) const; // of a backslash and line end; 0: not there
  [[nodiscard]] bool ends_token(char c, bool operators) const;
  std::string_view take_run();
  Read<void> quoted_part(Collector& into, char quote);
  Read<void> escaped_part(Collector& into);

  std::string_view text_;
  std::size_t offset_ = 0;
};

} // namespace upstart::supervisor
