#include "daemons/job-supervisor/process/plan/command-line.hpp"
#include "daemons/job-supervisor/process/plan/spawn-plan.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;
using Words = std::vector<std::string>;

TEST_CASE("a plain command is split on white space and needs no shell") {
  CHECK(command_line({"/bin/echo  one\ttwo", false}).arguments == Words{"/bin/echo", "one", "two"});
}

TEST_CASE("a command with any shell character is left to the shell, which becomes it") {
  for (char special : std::string_view{"~`!$^&*()=|\\{}[];\"'<>?"})
    CHECK(command_line({std::string{"a "} + special, false}).arguments ==
          Words{"/bin/sh", "-e", "-c", std::string{"exec a "} + special});
  for (char plain : std::string_view{"-_./:,+@%#"}) CHECK_FALSE(needs_shell(std::string{"a "} + plain));
}

TEST_CASE("a script of one line is an argument of the shell") {
  CHECK(command_line({"  echo hello\n", true}).arguments == Words{"/bin/sh", "-e", "-c", "  echo hello"});
}

TEST_CASE("a longer script is read from descriptor 9, which its first line closes") {
  CommandLine line = command_line({"echo a\necho b\n", true});
  CHECK(line.arguments == Words{"/bin/sh", "-e", "/proc/self/fd/9"});
  CHECK(line.script_descriptor == 9);
  CHECK(line.script == "exec 9<&-; echo a\necho b\n");
}

TEST_CASE("a script's descriptor keeps clear of many files") {
  CHECK(command_line({"a\nb", true}, {}, 6).script_descriptor == 9);
  CHECK(command_line({"a\nb", true}, {}, 7).script_descriptor == 10);
}

TEST_CASE("positional parameters follow what the shell is given") {
  CHECK(command_line({"echo $1", true}, {"x"}).arguments == Words{"/bin/sh", "-e", "-c", "echo $1", "/bin/sh", "x"});
  CHECK(command_line({"echo $1\n:", true}, {"x", "y"}).arguments ==
        Words{"/bin/sh", "-e", "/proc/self/fd/9", "x", "y"});
}

TEST_CASE("a program is looked for along PATH of the environment, and only without a slash") {
  CHECK(program_paths("prog", {"A=b", "PATH=/x:/y"}) == Words{"/x/prog", "/y/prog"});
  CHECK(program_paths("prog", {}) == Words{"/bin/prog", "/usr/bin/prog"});
  CHECK(program_paths("./prog", {"PATH=/x"}) == Words{"./prog"});
  CHECK(program_paths("prog", {"PATH=:/y"}) == Words{"prog", "/y/prog"});
}
