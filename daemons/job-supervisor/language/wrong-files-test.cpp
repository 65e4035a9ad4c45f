// Small wrong files with the line and message that the original gives for each, and small files that it takes.
#include "daemons/job-supervisor/language/parse-job.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

namespace {

struct WrongFile {
  std::string_view text;
  std::size_t line;
  std::string_view message;
};

constexpr WrongFile wrong_files[] = {
    {"bogus\n", 1, "Unknown stanza"},
    {"exec\n", 1, "Expected token"},
    {"script\necho x\n", 3, "Unterminated block"},
    {"script foo\nend script\n", 1, "Unexpected token"},
    {"start on\n", 1, "Expected token"},
    {"start on (a and b\n", 2, "Mismatched parentheses"},
    {"start on a b=c)\n", 1, "Mismatched parentheses"},
    {"start on and b\n", 1, "Expected event"},
    {"start on a or\n", 1, "Expected event"},
    {"respawn limit\n", 1, "Expected token"},
    {"respawn limit 3\n", 1, "Expected token"},
    {"respawn limit a b\n", 1, "Illegal limit, expected 'unlimited' or integer"},
    {"respawn limit -1 5\n", 1, "Illegal limit, expected 'unlimited' or integer"},
    {"respawn limit 3 5 6\n", 1, "Unexpected token"},
    {"respawn foo\n", 1, "Unknown stanza"},
    {"normal exit\n", 1, "Expected token"},
    {"normal exit FOO\n", 1, "Illegal exit status, expected integer"},
    {"normal\n", 1, "Expected token"},
    {"normal foo\n", 1, "Unknown stanza"},
    {"kill timeout\n", 1, "Expected token"},
    {"kill timeout abc\n", 1, "Illegal interval, expected number of seconds"},
    {"kill timeout -1\n", 1, "Illegal interval, expected number of seconds"},
    {"kill signal\n", 1, "Expected token"},
    {"kill signal FOO\n", 1, "Illegal signal status, expected integer"},
    {"kill bogus 3\n", 1, "Unknown stanza"},
    {"kill\n", 1, "Expected token"},
    {"expect\n", 1, "Expected token"},
    {"expect foo\n", 1, "Unknown stanza"},
    {"expect fork bar\n", 1, "Unexpected token"},
    {"console\n", 1, "Expected token"},
    {"console foo\n", 1, "Unknown stanza"},
    {"console log extra\n", 1, "Unexpected token"},
    {"umask 999\n", 1, "Illegal file creation mask, expected octal integer"},
    {"umask\n", 1, "Expected token"},
    {"umask 0888\n", 1, "Illegal file creation mask, expected octal integer"},
    {"nice\n", 1, "Expected token"},
    {"nice 50\n", 1, "Illegal nice value, expected -20 to 19"},
    {"nice -21\n", 1, "Illegal nice value, expected -20 to 19"},
    {"nice x\n", 1, "Illegal nice value, expected -20 to 19"},
    {"oom score\n", 1, "Expected token"},
    {"oom score 2000\n", 1, "Illegal oom score adjustment, expected -999 to 1000 or 'never'"},
    {"oom score never\noom score x\n", 2, "Illegal oom score adjustment, expected -999 to 1000 or 'never'"},
    {"oom foo\n", 1, "Illegal oom adjustment, expected -16 to 15 or 'never'"},
    {"limit\n", 1, "Expected token"},
    {"limit foo 1 2\n", 1, "Unknown stanza"},
    {"limit nofile\n", 1, "Expected token"},
    {"limit nofile 1\n", 1, "Expected token"},
    {"limit nofile a b\n", 1, "Illegal limit, expected 'unlimited' or integer"},
    {"limit nofile 10 20 30\n", 1, "Unexpected token"},
    {"chdir\n", 1, "Expected token"},
    {"chroot\n", 1, "Expected token"},
    {"env\n", 1, "Expected token"},
    {"env A B\n", 1, "Unexpected token"},
    {"export\n", 1, "Expected token"},
    {"instance\n", 1, "Expected token"},
    {"instance a b\n", 1, "Unexpected token"},
    {"description\n", 1, "Expected token"},
    {"description a b\n", 1, "Unexpected token"},
    {"author\n", 1, "Expected token"},
    {"version\n", 1, "Expected token"},
    {"usage\n", 1, "Expected token"},
    {"emits\n", 1, "Expected token"},
    {"task foo\n", 1, "Unexpected token"},
    {"manual foo\n", 1, "Unknown stanza"},
    {"pre-start\n", 1, "Expected token"},
    {"pre-start foo\n", 1, "Unknown stanza"},
    {"pre-start exec\n", 1, "Expected token"},
    {"post-start script\nfoo\n", 3, "Unterminated block"},
    {"setuid\n", 1, "Expected token"},
    {"setuid a b\n", 1, "Unexpected token"},
    {"setgid\n", 1, "Expected token"},
    {"reload\n", 1, "Expected token"},
    {"reload signal\n", 1, "Expected token"},
    {"reload signal FOO\n", 1, "Illegal signal status, expected integer"},
    {"apparmor\n", 1, "Expected token"},
    {"apparmor foo\n", 1, "Unknown stanza"},
    {"apparmor load\n", 1, "Expected token"},
    {"cgroup\n", 1, "Expected token"},
    {"description \"unterminated\n", 2, "Unterminated quoted string"},
    {"exec \"unterminated\n", 2, "Unterminated quoted string"},
    {"start on ()\n", 1, "Expected event"},
    {"start on a ()\n", 1, "Expected operator"},
    {"end script\n", 1, "Unknown stanza"},
    {"stop on\n", 1, "Expected token"},
    {"post-stop\n", 1, "Expected token"},
    {"pre-stop exec\n", 1, "Expected token"},
    {"nice 5 6\n", 1, "Unexpected token"},
    {"umask 022 1\n", 1, "Unexpected token"},
    {"tmpfs\n", 1, "Unknown stanza"},
    {"service\n", 1, "Unknown stanza"},
    {"kill timeout 5 6\n", 1, "Unexpected token"},
    {"normal exit -1\n", 1, "Illegal exit status, expected integer"},
    {"start on \"a\n", 2, "Unterminated quoted string"},
    {"start-on foo\n", 1, "Unknown stanza"},
    {"START on foo\n", 1, "Unknown stanza"},
};

constexpr std::string_view good_files[] = {
    "chdir rel\n",
    "cgroup memory\n",
    "cgroup bogus $UPSTART_CGROUP key val\n",
    "exec foo \\\n",
    "start on a\nstart on b\nexec true\n",
    "exec true\nscript\ntrue\nend script\n",
    "script\ntrue\nend script\nexec true\n",
    "exec a\nexec b\n",
    "respawn\n  respawn limit 0 0\nexec true\n",
    "start on a and b or c\n",
    "start on a !b\n",
    "start on a A!=b B=\n",
    "start on (a)\n",
    "start on ((a) or (b))\n",
    "start on K=v\n",
    "task\ntask\n",
    "env A=1\nenv A=2\n",
    "# only comment",
    "exec true",
    "\t  exec   true   # c\n",
    "start on a # comment\n",
    "start on a\\\n and b\n",
    "start on (a\n and b)\n",
    "debug\n",
    "limit nofile unlimited unlimited\nexec true\n",
    "respawn limit unlimited\nexec true\n",
    "normal exit 0 TERM SIGKILL 999\n",
    "expect none\nexec true\n",
    "instance $\n",
    "instance ${A\n",
    "start on a $X\n",
    "emits a\\ b \"c d\"\nexec true\n",
    "author \"a\"\nauthor \"b\"\nexec true\n",
    "start  on  startup\nexec true\n",
};

} // namespace

TEST_CASE("a wrong file is reported with the original's line and message, and nothing else") {
  for (const auto& file : wrong_files) {
    CAPTURE(file.text);
    const auto result = parse_job(file.text, {.name = "job"});
    CHECK_FALSE(result.job_class);
    REQUIRE_FALSE(result.diagnostics.empty());
    CHECK(result.diagnostics.front().severity == Diagnostic::Severity::error);
    CHECK(result.diagnostics.front().line == file.line);
    CHECK(result.diagnostics.front().message == file.message);
    for (std::size_t i = 1; i < result.diagnostics.size(); ++i)
      CHECK(result.diagnostics[i].severity == Diagnostic::Severity::note);
  }
}

TEST_CASE("what the original takes is taken") {
  for (const auto text : good_files) {
    CAPTURE(text);
    const auto result = parse_job(text, {.name = "job"});
    CHECK(result.job_class);
    for (const auto& said : result.diagnostics) CHECK(said.severity != Diagnostic::Severity::error);
  }
}
