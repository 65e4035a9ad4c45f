#include "clients/convert/output/shell-line.hpp"

#include "clients/convert/testing/converted.hpp"

using namespace upstart::convert;

TEST_CASE("the shell can become one program with its words and redirections") {
  for (const char* line :
       {"bin/web", "/bin/x 'a; b' \"c | d\" e\\;f", "puma -p $PORT", "x ${PORT:-80} $(id -u)",
        "x >>log 2>&1 </dev/null", "setpriv --reuid=www --regid=\"$(id -g 'www')\" -- x", "x a#b", "x A=1",
        "x \"$(cd /tmp; echo \")\")\"", "x `id;id`", "bundle exec rake", "x 'it'\\''s'", "x \"a\\\"; b\""}) {
    CAPTURE(line);
    CHECK(is_one_program(line));
  }
}

TEST_CASE("the shell cannot become a list, a pipeline, a keyword, a built-in command or an assignment") {
  for (const char* line : {"while sleep 1; do date; done",
                           "cd /tmp && pwd",
                           "A=1 B=2 prog",
                           "QUEUE=5 rake # c",
                           "echo d && echo done",
                           "x | y",
                           "x & y",
                           "x &",
                           "x; y",
                           "(x)",
                           "{ x; }",
                           "! x",
                           "cd /tmp",
                           "exec x",
                           ". ./env",
                           ": x",
                           "x # comment",
                           "if x; then y; fi",
                           "x || y",
                           ">log x",
                           "2>log x",
                           "a='1 2' x",
                           "",
                           "  ",
                           "x 'not closed",
                           "x \"not closed",
                           "x $(not closed",
                           "x \\",
                           "export A=1"}) {
    CAPTURE(line);
    CHECK_FALSE(is_one_program(line));
  }
}

TEST_CASE("a line that is more than a program is a script that runs it as it is") {
  auto text_of_main = [](const std::string& main) {
    Job job{.name = "x", .source = "y", .main = main};
    testing::check_text(print(job));
    return testing::body_of(job);
  };
  CHECK(text_of_main("bin/web -p $PORT") == "\nexec bin/web -p $PORT\n");
  CHECK(text_of_main("A=1 B=2 prog") == "\nscript\n  A=1 B=2 prog\nend script\n");
  CHECK(text_of_main("cd /tmp && pwd") == "\nscript\n  cd /tmp && pwd\nend script\n");
  CHECK(text_of_main("while sleep 1; do date; done") ==
        "\nscript\n  set +e\n  while sleep 1; do date; done\nend script\n");
}
