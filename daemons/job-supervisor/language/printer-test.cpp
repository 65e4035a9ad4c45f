#include "daemons/job-supervisor/language/print-job.hpp"

#include "daemons/job-supervisor/language/round-trip.hpp"
#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"
#include "daemons/job-supervisor/language/test-support.hpp"

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

TEST_CASE("a class is written as a job file") {
  CHECK(print(parsed(
            "exec /bin/x   \"a b\" # c\nstart   on a and(b)\nrespawn\nkill signal SIGINT\numask 27\ndescription 'd e'\n"
            "pre-start script\n   one\n     two\nend script\n")) == "description \"d e\"\n"
                                                                    "start on a and b\n"
                                                                    "exec /bin/x   \"a b\"\n"
                                                                    "pre-start script\n"
                                                                    "one\n"
                                                                    "  two\n"
                                                                    "end script\n"
                                                                    "respawn\n"
                                                                    "kill signal INT\n"
                                                                    "umask 0027\n");
  CHECK(print(JobClass{}).empty());
}

TEST_CASE("words are quoted where they must be, and read as what they were") {
  for (const std::string value : {"plain",
                                  "",
                                  "two words",
                                  "a\tb",
                                  "it's",
                                  "say \"x\"",
                                  "both ' and \"",
                                  R"(back\slash)",
                                  R"(\)",
                                  R"(\\)",
                                  R"(\")",
                                  R"(\' ")",
                                  "#x",
                                  "x#",
                                  "(",
                                  ")",
                                  "and",
                                  "or",
                                  " x ",
                                  "é",
                                  "a\rb"}) {
    CAPTURE(value);
    CHECK(parsed("emits " + as_word(value) + "\n").emits == Lines{value});
    CHECK(parsed("start on " + as_word(value) + "\n").start_on.nodes.at(0).event == value);
  }
  CHECK(as_word("plain") == "plain");
}

TEST_CASE("what is written is read as the same class, in both dialects") {
  for (const auto* text :
       {"respawn limit 3 4\nrespawn limit unlimited\n", "respawn limit 0 5\n", "oom score -17\noom 3\n",
        "limit as 1 unlimited\n", "cgroup a\ncgroup a b\ncgroup a c d\ncgroup a b c d\n",
        "env A\nenv B=\nenv C=\"x y\"\n", "script\nend script\n", "script\n  a\n b\n\n\t\n  c\nend script\n",
        "exec a \\\n  \"b\n c\" d\\ \n", "normal exit 0 1 TERM 999\n", "debug\ntask\nmanual\n",
        "expect notify\nwatchdog 9\nconsole owner\nkill timeout 0\nreload signal 63\n",
        "start on (a b or c) and (d and (e or f))\nstop on x\n"}) {
    const auto violated = violated_property(text);
    CHECK_MESSAGE(!violated, violated.value_or(""));
  }
}

TEST_CASE("a class of event.d is written in that dialect") {
  CHECK(print(parsed("exec x\nservice\n", Dialect::event_d)) == "service\nexec x\n");
  CHECK(print(parsed("exec x\n", Dialect::event_d)) == "exec x\n");
  CHECK(print(parsed("respawn x\ntask\n", Dialect::event_d)) == "task\nexec x\nrespawn\n");
  CHECK(dialect_of(parsed("", Dialect::event_d)) == Dialect::event_d);
}
