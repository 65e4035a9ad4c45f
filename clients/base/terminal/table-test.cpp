#include "clients/base/terminal/table.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace upstart::client;

namespace {

Table jobs() {
  return {.columns = {{.heading = "JOB"}, {.heading = "PID", .right_aligned = true}, {.heading = "TEXT", .cut_to = 8}},
          .rows = {{{"web", Colour::red}, {"7"}, {"serves the pages of the shop"}}, {{"database"}, {"1234"}, {""}}}};
}

} // namespace

TEST_CASE("a table is aligned, and as wide as it is where there is no terminal") {
  CHECK(printed(jobs(), {}) == "JOB       PID TEXT\n"
                               "web         7 serves the pages of the shop\n"
                               "database 1234\n");
}

TEST_CASE("on a terminal it is cut to the width, in the columns that may be cut") {
  ::setenv("LC_ALL", "C.UTF-8", 1);
  CHECK(printed(jobs(), {.width = 24}) == "JOB       PID TEXT\n"
                                          "web         7 serves th…\n"
                                          "database 1234\n");
}

TEST_CASE("where cutting is not enough columns are left out, one after the other, and then it is cut further") {
  ::setenv("LC_ALL", "C.UTF-8", 1);
  auto table = jobs();
  table.columns[0].cut_to = 5;
  table.columns[1].left_out = 1;
  table.columns[2].left_out = 2;
  CHECK(printed(table, {.width = 16}) == "JOB     TEXT\n"
                                         "web     serves …\n"
                                         "databa…\n");
  CHECK(printed(table, {.width = 12}) == "JOB\nweb\ndatabase\n");
  CHECK(printed(table, {.width = 4}) == "JOB\nweb\ndat…\n");
}

TEST_CASE("a character of the locale is as wide as it is shown, others are shown as their bytes") {
  Table table{.columns = {{.heading = "JOB", .cut_to = 4}, {.heading = "N"}},
              .rows = {{{"Tür"}, {"1"}}, {{"日本語"}, {"2"}}}};
  ::setenv("LC_ALL", "C.UTF-8", 1);
  CHECK(printed(table, {}) == "JOB    N\nTür    1\n日本語 2\n");
  CHECK(printed(table, {.width = 7}) == "JOB   N\nTür   1\n日本… 2\n");
  ::setenv("LC_ALL", "C", 1);
  CHECK(printed(table, {.width = 15}) == "JOB         N\nT\\xc3\\xbcr  1\n\\xe6\\x97... 2\n");
  ::setenv("LC_ALL", "C.UTF-8", 1);
}

TEST_CASE("cells are coloured where that is asked for") {
  CHECK(printed(jobs(), {.width = 80, .coloured = true})->contains("\033[31mweb"));
  CHECK_FALSE(printed(jobs(), {.width = 80, .coloured = false})->contains("\033["));
}
