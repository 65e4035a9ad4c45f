#include "daemons/job-supervisor/language/parsing/expression-parser.hpp"

#include <utility>

namespace upstart::supervisor {

namespace {

using Kind = ExpressionNode::Kind;

class ExpressionParser {
public:
  explicit ExpressionParser(Lexer& lexer) : lexer_(lexer) {}

  Read<ParsedExpression> parse() {
    lexer_.skip_space();
    if (lexer_.at_stanza_end()) return fault("Expected token", "expected an event");
    while (next()) {
      if (auto read = element(); !read) return std::unexpected(std::move(read).error());
    }
    if (auto read = finish(); !read) return std::unexpected(std::move(read).error());
    return std::move(parsed_);
  }

private:
  // What has been read of one pair of parentheses, or of the whole.
  struct Level {
    std::size_t opened = 0;
    bool operand = false; // there is a left operand, whose root is `root`
    std::uint32_t root = 0;
    bool pending = false; // an operator waits for its right operand
    Kind operation = Kind::any_of;
    std::size_t operator_offset = 0;
  };

  Level& level() { return levels_.back(); }
  [[nodiscard]] bool grouped() const { return levels_.size() > 1; }
  [[nodiscard]] bool wants_operand() { return !level().operand || level().pending; }

  std::unexpected<Fault> fault(std::string message, std::string suggestion = {}) {
    return std::unexpected(Fault{std::move(message), lexer_.offset(), std::move(suggestion)});
  }

  bool next() {
    lexer_.skip_space(grouped());
    return !lexer_.at_end() && (grouped() || !lexer_.at_stanza_end());
  }

  Read<void> element() {
    if (lexer_.at('(') || lexer_.at(')')) end_event();
    if (lexer_.at('(')) return open();
    if (lexer_.at(')')) return close();
    const auto before = lexer_.offset();
    auto token = lexer_.token(true);
    if (!token) return std::unexpected(std::move(token).error());
    const bool operation = !token->quoted && (token->value == "and" || token->value == "or");
    auto read = operation ? operator_word(*token) : word(std::move(*token));
    if (!read) read.error().offset = before;
    return read;
  }

  Read<void> open() {
    if (!wants_operand()) return fault("Expected operator", "expected `and` or `or` before the parenthesis");
    levels_.push_back({.opened = lexer_.offset()});
    lexer_.skip_character();
    return {};
  }

  Read<void> close() {
    if (!grouped()) return fault("Mismatched parentheses", "no parenthesis is open here");
    if (wants_operand()) return fault("Expected event");
    lexer_.skip_character();
    const auto root = level().root;
    levels_.pop_back();
    add_operand(root);
    return {};
  }

  Read<void> operator_word(const Token& token) {
    end_event();
    if (wants_operand()) return fault("Expected event", "for an event of that name, put it in quotes");
    level().pending = true;
    level().operation = token.value == "and" ? Kind::all_of : Kind::any_of;
    level().operator_offset = token.begin;
    return {};
  }

  Read<void> word(Token token) {
    if (in_event_) return argument(token);
    if (!wants_operand()) return fault("Expected operator", "expected `and` or `or`");
    ExpressionNode match;
    match.event = std::move(token.value);
    add_node(std::move(match), token.begin);
    in_event_ = true;
    return {};
  }

  Read<void> argument(const Token& token) {
    auto& arguments = nodes().back().arguments;
    auto argument = argument_of(token.value);
    if (!argument.key && in_named_arguments(arguments))
      return fault("Expected variable name before value", "positional values come before KEY=VALUE");
    arguments.push_back(std::move(argument));
    parsed_.places.arguments.push_back(token.begin);
    return {};
  }

  static bool in_named_arguments(const std::vector<EventArgument>& arguments) {
    return !arguments.empty() && arguments.back().key.has_value();
  }

  // The match that takes arguments becomes an operand when something else than an argument follows.
  void end_event() {
    if (std::exchange(in_event_, false)) add_operand(last());
  }

  void add_operand(std::uint32_t root) {
    auto& here = level();
    if (here.pending) {
      ExpressionNode operation;
      operation.kind = here.operation;
      operation.left = here.root;
      add_node(std::move(operation), here.operator_offset);
      root = last();
    }
    here.operand = true;
    here.pending = false;
    here.root = root;
  }

  Read<void> finish() {
    end_event();
    if (level().pending) return fault("Expected event", "the operator has nothing on its right");
    if (!grouped()) return {};
    auto result = fault("Mismatched parentheses", "expected `)`");
    result.error().cause = level().opened;
    result.error().cause_message = "this parenthesis is never closed";
    return result;
  }

  std::vector<ExpressionNode>& nodes() { return parsed_.expression.nodes; }
  std::uint32_t last() { return static_cast<std::uint32_t>(nodes().size() - 1); }
  void add_node(ExpressionNode node, std::size_t offset) {
    nodes().push_back(std::move(node));
    parsed_.places.nodes.push_back(offset);
  }

  Lexer& lexer_;
  ParsedExpression parsed_;
  std::vector<Level> levels_{1};
  bool in_event_ = false;
};

} // namespace

Read<ParsedExpression> parse_expression(Lexer& lexer) { return ExpressionParser(lexer).parse(); }

} // namespace upstart::supervisor
