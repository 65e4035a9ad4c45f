#include "daemons/base/command-line/help-text.hpp"

#include <CLI/CLI.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <ranges>

using namespace upstart::base;

namespace {

std::size_t widest_line(std::string_view text) {
  return std::ranges::max(text | std::views::split('\n') |
                          std::views::transform([](auto line) { return std::ranges::size(line); }));
}

struct Program {
  CLI::App app{"A program whose description says much more about it than there is room for on a line of a terminal.",
               "tester"};
  bool flag = false;
  std::string value, file;

  Program() {
    app.add_flag("-q,--quiet", flag, "say only what went wrong, and nothing at all about what went as it was meant to");
    app.add_option("--a-name-that-is-long", value, "what it means")->type_name("ONE,TWO")->required();
    app.add_option("FILE", file, "what is read");
    app.footer(
        "A table:\n  one    two\nThe end is told in so many words that they do not all stand on one line either.");
  }
};

} // namespace

TEST_CASE("help is as wide as the terminal, within reason") {
  CHECK(help_width({}) == 79);
  CHECK(help_width(60) == 59);
  CHECK(help_width(20) == 50);
  CHECK(help_width(300) == 100);
}

TEST_CASE("the help of a program is folded, options in two columns, and a table in it stays as it is") {
  Program program;
  fold_help(program.app, 60);
  auto help = program.app.help();
  CHECK(widest_line(help) <= 60);
  CHECK(help.starts_with("A program whose description says much more about it than\nthere is room for "));
  CHECK(help.contains("\n  -q,--quiet                  say only what went wrong, and\n"
                      "                              nothing at all about what went\n"
                      "                              as it was meant to\n"));
  CHECK(help.contains("\n  --a-name-that-is-long ONE,TWO REQUIRED\n                              what it means\n"));
  CHECK(help.contains("\nA table:\n  one    two\nThe end is told in so many words that they do not all stand\n"));
}

TEST_CASE("a name that leaves no room before its meaning stands on lines of its own") {
  CHECK(help_entry("--name", "means", 40, 10) == "  --name  means\n");
  CHECK(help_entry("--names", "means", 40, 10) == "  --names means\n");
  CHECK(help_entry("--renames", "means", 40, 10) == "  --renames\n          means\n");
  CHECK(help_entry("--renames", "", 40, 10) == "  --renames\n");
  CHECK(help_entry("--one Excludes: --another --a-third", "means", 24, 10) ==
        "  --one Excludes:\n      --another\n      --a-third\n          means\n");
}
