#include "daemons/job-supervisor/language/test-support.hpp"

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

constexpr auto warning = Diagnostic::Severity::warning;

Lines warnings(std::string_view text) { return said(text, warning); }
std::string suggestion(std::string_view text) {
  const auto result = parse_job(text, {});
  REQUIRE_FALSE(result.diagnostics.empty());
  return result.diagnostics.front().suggestion;
}

} // namespace

TEST_CASE("all errors of a file are reported in one run, in its order") {
  CHECK(said("bogus\ndescription\nexec x\nnice 50\nlimit nofile 1\nstart on a or\nexpect frok\n") ==
        Lines{"1:1 Unknown stanza", "2:12 Expected token", "4:6 Illegal nice value, expected -20 to 19",
              "5:15 Expected token", "6:14 Expected event", "7:8 Unknown stanza"});
}

TEST_CASE("a stanza is wrong only once") {
  CHECK(said("nice 50 60 \\\n 70\nexec x\n").size() == 1);
  CHECK(said("limit bogus a b c\n").size() == 1);
  CHECK(said("description \"over two\n  lines\" more\nexec x\n") == Lines{"2:10 Unexpected token"});
}

TEST_CASE("the lines of a block whose first line is wrong are not read as stanzas") {
  CHECK(said("pre-strat script\n  foo\n  bar\nend script\nnice x\n") ==
        Lines{"1:1 Unknown stanza", "5:6 Illegal nice value, expected -20 to 19"});
  CHECK(said("scritp\n  foo\nend script\n") == Lines{"1:1 Unknown stanza"});
  CHECK(said("pre-start scrpt\n  foo\nend script\n") == Lines{"1:11 Unknown stanza"});
  CHECK(said("pre-start\n  foo\nend script\n") == Lines{"1:10 Expected token"});
  CHECK(said("script foo\n  foo\nend script\n") == Lines{"1:8 Unexpected token"});
  CHECK(said("pre-start\nscript\n  foo\nend script\n") == Lines{"1:10 Expected token"});
}

TEST_CASE("an unclosed quote does not hide what follows") {
  CHECK(said("description \"a\nnice x\n") ==
        Lines{"3:0 Unterminated quoted string", "2:6 Illegal nice value, expected -20 to 19"});
}

TEST_CASE("at most a hundred diagnostics are given for one file") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "bogus\n";
  const auto result = parse_job(text, {});
  CHECK(result.diagnostics.size() == 101);
  CHECK(result.diagnostics.back().severity == Diagnostic::Severity::note);
}

TEST_CASE("near misses are suggested") {
  CHECK(suggestion("respwan\n") == "did you mean `respawn`?");
  CHECK(suggestion("decription x\n") == "did you mean `description`?");
  CHECK(suggestion("START on a\n") == "did you mean `start`?");
  CHECK(suggestion("start-on a\n") == "did you mean `start on`?");
  CHECK(suggestion("prestart script\n") == "did you mean `pre-start`?");
  CHECK(suggestion("expect frok\n") == "did you mean `fork`?");
  CHECK(suggestion("kill signal term\n") == "did you mean `TERM`?");
  CHECK(suggestion("kill sginal TERM\n") == "did you mean `signal`?");
  CHECK(suggestion("console tty\n") == "expected `none`, `log`, `logged`, `output` or `owner`");
  CHECK(suggestion("service\n") == "`service` belongs to the files of event.d directories");
  CHECK(suggestion("end script\n") == "no block is open here");
  CHECK(suggestion("limit nofile 1\n") == "usage: limit RESOURCE SOFT|unlimited HARD|unlimited");
  CHECK(suggestion("frobnicate\n").empty());
}

TEST_CASE("a diagnostic is shown with its line and a caret under the place") {
  const auto result = parse_job("exec x\n\tnice 50 # too much\n", {});
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(format(result.diagnostics[0], "/etc/init/a.conf") ==
        "/etc/init/a.conf:2:7: Illegal nice value, expected -20 to 19\n"
        "    \tnice 50 # too much\n"
        "    \t     ^\n"
        "  usage: nice -20…19\n");
}

TEST_CASE("a place behind the last line has no text to show") {
  const auto result = parse_job("script\n", {});
  CHECK(format(result.diagnostics.at(0), "a.conf") ==
        "a.conf:2: Unterminated block\n  expected `end script` on a line of its own\n");
  CHECK(format(result.diagnostics.at(1), "a.conf") == "  note: line 1: the block was opened here\n    script\n    ^\n");
}

TEST_CASE("a warning says that it is one") {
  const auto result = parse_job("respawn limit 1 2\n", {});
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(format(result.diagnostics[0], "a.conf")
            .starts_with("a.conf:1:1: warning: `respawn limit` without `respawn` has no effect [no-effect]\n"));
}

TEST_CASE("in a log only errors begin with path and line") {
  const auto result = parse_job("respawn limit 1 2\n", {});
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(format_for_log(result.diagnostics[0], "a.conf") ==
        "a.conf: line 1: `respawn limit` without `respawn` has no effect\n    respawn limit 1 2\n    ^");
  const auto wrong = parse_job("bogus\n", {});
  CHECK(format_for_log(wrong.diagnostics.at(0), "a.conf") + "\n" == format(wrong.diagnostics.at(0), "a.conf"));
  CHECK(format_for_log({.severity = Diagnostic::Severity::note, .line = 3, .message = "x"}, "a.conf") ==
        "a.conf: line 3: x");
}

TEST_CASE("the caret counts characters, and control characters are not shown") {
  const auto result = parse_job("description \"é\x1b[31m\" x\n", {});
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(format(result.diagnostics[0], "a") == "a:1:23: Unexpected token\n    description \"é?[31m\" x\n                "
                                              "         ^\n  usage: description TEXT\n");
}

TEST_CASE("of a very long line the part around the place is shown") {
  const auto text = "description " + std::string(5000, 'a') + " wrong " + std::string(5000, 'b') + "\n";
  const auto result = parse_job(text, {});
  REQUIRE(result.diagnostics.size() == 1);
  const auto& one = result.diagnostics[0];
  CHECK(one.column == 5014);
  CHECK(one.source.size() <= 200);
  CHECK(one.source.substr(one.caret - 1, 5) == "wrong");
}

TEST_CASE("a stanza that has no effect gives a warning") {
  CHECK(warnings("watchdog 5\nexec x\n") == Lines{"1:1 `watchdog` has no effect without `expect notify`"});
  CHECK(warnings("respawn limit 1 2\nexec x\n") == Lines{"1:1 `respawn limit` without `respawn` has no effect"});
  CHECK(warnings("respawn\n") == Lines{"1:1 `respawn` has no effect: there is no main process"});
  CHECK(warnings("expect fork\n") == Lines{"1:1 `expect` has no effect: there is no main process"});
  CHECK(warnings("respawn\nrespawn limit 1 2\nexpect fork\nexec x\n").empty());
}

TEST_CASE("a stanza that replaces an earlier one gives a warning, with a note where that stands") {
  CHECK(warnings("start on a\nexec x\nstart on b\n") == Lines{"3:1 this replaces an earlier `start on`"});
  CHECK(warnings("exec x\nscript\ny\nend script\n") == Lines{"2:1 this replaces an earlier main process"});
  CHECK(warnings("task\ntask\nemits a\nemits b\nenv A=1\nenv A=2\nstart on a\nmanual\n").empty());
  const auto result = parse_job("author a\nauthor b\n", {});
  REQUIRE(result.diagnostics.size() == 2);
  CHECK(result.diagnostics[1].line == 1);
  const auto base = parsed("author a\n");
  CHECK(parse_job("author b\n", {.base = &base}).diagnostics.empty());
}

TEST_CASE("expect fork with a script that execs nothing counts the shell's forks") {
  CHECK(warnings("expect fork\nscript\n  prepare\n  daemon\nend script\n").size() == 1);
  CHECK(warnings("expect daemon\nscript\n  prepare\n  exec daemon\nend script\n").empty());
  CHECK(warnings("expect stop\nscript\n  kill -STOP $$\nend script\n").empty());
}

TEST_CASE("a main process in the background gives a warning") {
  CHECK(warnings("exec daemon --flag &\n").size() == 1);
  CHECK(warnings("exec daemon & wait\n").empty());
}

TEST_CASE("a block inside a block is hardly meant") {
  CHECK(warnings("pre-start script\n  x\nscript\n  y\nend script\n") == Lines{"3:1 this is part of the script above"});
}

TEST_CASE("values that can never work are warned of") {
  CHECK(warnings("limit nofile 20 10\nexec x\n").size() == 1);
  CHECK(warnings("limit nofile unlimited 10\nexec x\n").size() == 1);
  CHECK(warnings("limit nofile 10 unlimited\nexec x\n").empty());
  CHECK(warnings("normal exit 256\nexec x\n").size() == 1);
  CHECK(warnings("kill signal 0\nexec x\n").size() == 1);
  CHECK(warnings("export A=1\nexec x\n").size() == 1);
  CHECK(warnings("env =1\nexec x\n").size() == 1);
}

TEST_CASE("a match that can never happen is warned of where it stands") {
  CHECK(warnings("start on startup RUNLEVEL=2\n") ==
        Lines{"1:18 the event `startup` carries no variables: this can never match"});
  CHECK(warnings("start on a or control-alt-delete x\n").size() == 1);
  CHECK(warnings("start on session-end TYPE=logout\n").empty());
  CHECK(warnings("start on session-end logout x\n").size() == 1);
  CHECK(warnings("start on runlevel 2345\n") == Lines{"1:19 no RUNLEVEL matches `2345`"});
  CHECK(suggestion("start on runlevel 2345\n") == "did you mean `[2345]`?");
  CHECK(warnings("start on runlevel RUNLEVEL=7\n").size() == 1);
  CHECK(warnings("start on runlevel [2345]\nstop on runlevel [!2345]\n").empty());
  CHECK(warnings("stop on runlevel [!$RUNLEVEL]\n").empty());
  CHECK(warnings("start on stopped x RESULT=fail\n").size() == 1);
  CHECK(warnings("start on stopped x EXIT_SIGNAL=SIGKILL\n").size() == 1);
  CHECK(warnings("start on a X=$Y\n").size() == 1);
  CHECK(warnings("env Y=1\nstart on a X=$Y Z=${Q:-1}\n").empty());
  CHECK(warnings("stop on a X=$Y\n").empty());
}

TEST_CASE("a job cannot be started by its own start, nor stopped by its own end") {
  CHECK(warnings("start on started job\n").size() == 1);
  CHECK(warnings("stop on stopped JOB=job\n").size() == 1);
  CHECK(warnings("start on stopped job\nstop on starting other\n").empty());
  CHECK(warnings("instance $X\nstop on stopped job\n").empty());
}

TEST_CASE("an expression that can never become true as a whole gives a warning of its own") {
  CHECK(warnings("stop on a and startup x\n").size() == 2);
  CHECK(warnings("stop on a or startup x\n").size() == 1);
}
