#include "daemons/job-supervisor/language/printing/printer.hpp"
#include "daemons/job-supervisor/language/test-support.hpp"

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

using Rows = std::vector<std::vector<std::string>>;

EventExpression expression(std::string_view text) { return parsed("start on " + std::string(text) + "\n").start_on; }
Lines errors(std::string_view text) { return said("start on " + std::string(text) + "\n"); }

} // namespace

TEST_CASE("both operators have one precedence and group from the left") {
  CHECK(postfix(expression("a or b and c")) == Rows{{"a"}, {"b"}, {"/OR"}, {"c"}, {"/AND"}});
  CHECK(postfix(expression("a and b or c")) == Rows{{"a"}, {"b"}, {"/AND"}, {"c"}, {"/OR"}});
}

TEST_CASE("parentheses group") {
  CHECK(postfix(expression("a or (b and c)")) == Rows{{"a"}, {"b"}, {"c"}, {"/AND"}, {"/OR"}});
  CHECK(postfix(expression("((a)or(b))")) == Rows{{"a"}, {"b"}, {"/OR"}});
  CHECK(postfix(expression("a and (b or c X=1 Y!=2 Z=g*b?) and d \"with space\" K=\"quoted val\"")) ==
        Rows{{"a"},
             {"b"},
             {"c", "X=1", "Y!=2", "Z=g*b?"},
             {"/OR"},
             {"/AND"},
             {"d", "with space", "K=quoted val"},
             {"/AND"}});
}

TEST_CASE("an operator knows its left operand; the right one stands before it") {
  const auto nodes = expression("a or (b and c)").nodes;
  CHECK(nodes[3].left == 1);
  CHECK(nodes[4].left == 0);
}

TEST_CASE("inside parentheses lines may end, be blank, or hold a comment") {
  CHECK(postfix(expression("(a # first\n\n   # nothing\n  and b)")) == Rows{{"a"}, {"b"}, {"/AND"}});
  CHECK(postfix(expression("a \\\n and b")) == Rows{{"a"}, {"b"}, {"/AND"}});
}

TEST_CASE("quoted words are never operators or parentheses") {
  CHECK(postfix(expression("\"and\" 'or' \"(\"")) == Rows{{"and", "or", "("}});
}

TEST_CASE("arguments are positional, equal, or unequal") {
  const auto arguments = expression("a $X !b K=V L!=W M==x \"N=o p\"").nodes.at(0).arguments;
  CHECK(arguments == std::vector<EventArgument>{{{}, false, "$X"},
                                                {{}, false, "!b"},
                                                {"K", false, "V"},
                                                {"L", true, "W"},
                                                {"M", false, "=x"},
                                                {"N", false, "o p"}});
  CHECK(expression("K=v").nodes.at(0).event == "K=v");
}

TEST_CASE("what is wrong with an expression is said where it is") {
  CHECK(errors("") == Lines{"1:10 Expected token"});
  CHECK(errors("and b") == Lines{"1:10 Expected event"});
  CHECK(errors("a or") == Lines{"1:14 Expected event"});
  CHECK(errors("a or or b") == Lines{"1:15 Expected event"});
  CHECK(errors("(a or) b") == Lines{"1:15 Expected event"});
  CHECK(errors("()") == Lines{"1:11 Expected event"});
  CHECK(errors("a (b)") == Lines{"1:12 Expected operator"});
  CHECK(errors("(a) b") == Lines{"1:14 Expected operator"});
  CHECK(errors("a)") == Lines{"1:11 Mismatched parentheses"});
  CHECK(errors("(a and (b)") == Lines{"2:0 Mismatched parentheses"});
  CHECK(errors("a K=V W") == Lines{"1:16 Expected variable name before value"});
}

TEST_CASE("an unclosed parenthesis does not hide what follows") {
  CHECK(said("start on (a and\n  b\nnice x\nexec y\n") ==
        Lines{"5:0 Mismatched parentheses", "3:6 Illegal nice value, expected -20 to 19"});
  const auto result = parse_job("start on a and (b or\n c\n", {});
  REQUIRE(result.diagnostics.size() == 2);
  CHECK(result.diagnostics[1].message == "this parenthesis is never closed");
  CHECK(result.diagnostics[1].line == 1);
  CHECK(result.diagnostics[1].column == 16);
}

TEST_CASE("postfix form turns into the expression again") {
  for (const auto* text : {"a", "a b C=d E!=f", "a or b and c", "a or (b and (c or d)) and e"}) {
    CAPTURE(text);
    CHECK(expression_of_postfix(postfix(expression(text))) == expression(text));
  }
  CHECK(expression_of_postfix({}) == EventExpression{});
  CHECK_FALSE(expression_of_postfix({{"a"}, {"/AND"}}));
  CHECK_FALSE(expression_of_postfix({{"a"}, {"b"}}));
  CHECK_FALSE(expression_of_postfix({{}}));
}

TEST_CASE("expressions are written with no more parentheses than they need") {
  CHECK(print(expression("((a) or (b and c)) and (d)")) == "a or (b and c) and d");
  CHECK(print(expression("a \"x y\" K='('")) == "a \"x y\" \"K=(\"");
}
