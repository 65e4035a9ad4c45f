#include "daemons/job-supervisor/language/lexing/script-block.hpp"

#include "daemons/job-supervisor/language/test-support.hpp"

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {
std::string script(std::string_view lines) {
  return parsed("script\n" + std::string(lines) + "end script\n").command(ProcessKind::main)->text;
}
} // namespace

TEST_CASE("a block is verbatim") {
  CHECK(script("if true; then # yes\n  echo \"a \\\n b\"\nfi\n") == "if true; then # yes\n  echo \"a \\\n b\"\nfi\n");
  CHECK(script("").empty());
  CHECK(parsed("script\nx\nend script\n").command(ProcessKind::main)->script);
}

TEST_CASE("the white space that begins the first line is taken off all lines") {
  CHECK(script("\tone\n\t\ttwo\n\tthree\n") == "one\n\ttwo\nthree\n");
  CHECK(script("  one\n\n  two\n \n") == "one\n\ntwo\n\n");
  CHECK(script("\n  one\n  two\n") == "\none\ntwo\n");
}

TEST_CASE("it stays where another line does not begin with it") {
  CHECK(script("  one\ntwo\n") == "  one\ntwo\n");
  CHECK(script("  one\n\ttwo\n") == "  one\n\ttwo\n");
}

TEST_CASE("only a line of its own ends a block") {
  for (const auto* end :
       {"end script", "  end \t script  ", "end script # of it", "end-script", "\tend-script\r", "end script#x"})
    CHECK_MESSAGE(ends_script(end), end);
  for (const auto* other : {"end", "endscript", "end scripts", "end script; x", "echo end script", "end  - script",
                            "end -script", "ends cript"})
    CHECK_FALSE_MESSAGE(ends_script(other), other);
}

TEST_CASE("what is nearly the end of a block is pointed at") {
  CHECK(nearly_ends_script("endscript\n"));
  CHECK(nearly_ends_script("  end scirpt"));
  CHECK_FALSE(nearly_ends_script("end"));
  CHECK_FALSE(nearly_ends_script("endless script of it"));
  const auto result = parse_job("script\n  x\nendscript\nexec y\n", {});
  REQUIRE(result.diagnostics.size() == 2);
  CHECK(result.diagnostics[0].line == 5);
  CHECK(result.diagnostics[0].message == "Unterminated block");
  CHECK(result.diagnostics[1].line == 3);
  CHECK(result.diagnostics[1].message == "this looks like its end: did you mean `end script`?");
}

TEST_CASE("an unclosed block is noted where it was opened") {
  const auto result = parse_job("exec x\npre-start script\n  x\n", {});
  REQUIRE(result.diagnostics.size() == 2);
  CHECK(result.diagnostics[1].severity == Diagnostic::Severity::note);
  CHECK(result.diagnostics[1].line == 2);
  CHECK(result.diagnostics[1].source == "pre-start script");
}

TEST_CASE("the result has the line where each script begins") {
  const auto result = parse_job("exec x\npre-start script\n  x\nend script\n", {});
  CHECK(result.script_lines[static_cast<std::size_t>(ProcessKind::pre_start)] == 3);
  CHECK(result.script_lines[static_cast<std::size_t>(ProcessKind::main)] == 0);
}
