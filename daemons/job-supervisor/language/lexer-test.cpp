#include "daemons/job-supervisor/language/test-support.hpp"

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

// One argument, as it is understood.
std::string argument(std::string_view written) {
  return parsed("description " + std::string(written) + "\n").description;
}
std::string command(std::string_view written) {
  return parsed("exec " + std::string(written)).command(ProcessKind::main)->text;
}

} // namespace

TEST_CASE("quotes group white space into one argument and are taken off") {
  CHECK(argument(R"("two words")") == "two words");
  CHECK(argument(R"('two  words')") == "two  words");
  CHECK(argument(R"(one" and "'another')") == "one and another");
  CHECK(argument(R"("it's")") == "it's");
  CHECK(argument(R"("")").empty());
}

TEST_CASE("a backslash makes white space and itself ordinary, and stays before anything else") {
  CHECK(argument(R"(two\ words)") == "two words");
  CHECK(argument(R"(a\\b)") == R"(a\b)");
  CHECK(argument(R"(a\b)") == R"(a\b)");
  CHECK(argument(R"(a\#b)") == R"(a\#b)");
  CHECK(argument(R"(\"a)") == R"(\"a)");
  CHECK(argument(R"("a\"b c")") == R"(a\"b c)");
}

TEST_CASE("a newline in quotes becomes one space with the white space around it") {
  CHECK(argument("\"one  \n\t two\"") == "one two");
  CHECK(argument("\"one\r\n\n  two\"") == "one two");
  CHECK(argument("\"one \\\n two\"") == "one two");
  CHECK(argument("\"one\n \\\n \\\n two\"") == "one two");
}

TEST_CASE("a backslash before a newline joins the lines") {
  CHECK(argument("\\\n  joined") == "joined");
  CHECK(argument("\\\r\n  joined") == "joined");
  CHECK(parsed("emits a\\\n b\n").emits == Lines{"a", "b"});
  CHECK(command("one  \\\n   two") == "one two");
}

TEST_CASE("a word that goes on at the beginning of the joined line has a space in it") {
  CHECK(parsed("env F=\\\n\"/a/b\"\n").env == Lines{"F= /a/b"});
  CHECK(parsed("instance $A\\\n-x\n").instance == "$A -x");
  CHECK(argument("x\\\r\n\\\ny") == "x y");
  CHECK(argument("x\\\n") == "x");
  CHECK(argument("x\\\n# a comment") == "x");
  CHECK(parsed("start on foo A=\\\nb or\\\n bar\n").start_on.nodes.at(0).arguments.at(0).pattern == " b");
  CHECK(said("description x\\\n y\n") == Lines{"2:2 Unexpected token"});
}

TEST_CASE("a comment ends a token and a stanza") {
  CHECK(argument("word#comment") == "word");
  CHECK(argument("\"not # a comment\" # a comment") == "not # a comment");
  CHECK(command("run \"a # b\" c#d") == "run \"a # b\" c");
  CHECK(parsed("# nothing but a comment").command(ProcessKind::main) == std::nullopt);
}

TEST_CASE("a command keeps its quotes, its escapes and the white space between its words") {
  CHECK(command(R"(/bin/echo "two  words"   four\ five 'x' # c)") == R"(/bin/echo "two  words"   four\ five 'x')");
  CHECK(command(R"(a \\n \; b)") == R"(a \\n \; b)");
  CHECK(command("a \"b\n  c\"") == "a \"b c\"");
  CHECK(command("  a\t") == "a");
  CHECK(command("a\\ \n") == "a\\ ");
}

TEST_CASE("carriage returns before line ends are no part of anything") {
  const auto job = parsed("description x\r\nscript\r\n  one\r\n  two\r\nend script\r\nstart on a\r\n");
  CHECK(job.description == "x");
  CHECK(job.command(ProcessKind::main)->text == "one\ntwo\n");
  CHECK(job.start_on.nodes.at(0).event == "a");
}

TEST_CASE("a file that ends too early says so") {
  CHECK(said("description \"a\nb\n") == Lines{"3:0 Unterminated quoted string"});
  CHECK(said("exec a \\") == Lines{"1:8 Trailing slash in file"});
  CHECK(said("exec a\npre-start script\n  b\n") == Lines{"4:0 Unterminated block"});
}

TEST_CASE("a NUL byte is an error wherever it stands") {
  CHECK(said(std::string_view("exec a\n# \0\n", 11)) == Lines{"2:3 Illegal NUL byte"});
  CHECK(said(std::string_view("bogus\n# \0\n", 10)) == Lines{"1:1 Unknown stanza", "2:3 Illegal NUL byte"});
}
