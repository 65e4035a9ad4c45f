#include "clients/base/terminal/table.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;

namespace {

Table jobs() {
  return {.columns = {{.heading = "JOB"},
                      {.heading = "PID", .right_aligned = true},
                      {.heading = "TEXT", .may_be_cut = true}},
          .rows = {{{"web", Colour::red}, {"7"}, {"serves the pages of the shop"}}, {{"database"}, {"1234"}, {""}}}};
}

} // namespace

TEST_CASE("a table is aligned, and as wide as it is where there is no terminal") {
  CHECK(printed(jobs(), {}) == "JOB       PID TEXT\n"
                               "web         7 serves the pages of the shop\n"
                               "database 1234\n");
}

TEST_CASE("on a terminal it is cut to the width, in the columns that may be cut") {
  CHECK(printed(jobs(), {.width = 24}) == "JOB       PID TEXT\n"
                                          "web         7 serves the\n"
                                          "database 1234\n");
}

TEST_CASE("cells are coloured where that is asked for") {
  CHECK(printed(jobs(), {.width = 80, .coloured = true})->contains("\033[31mweb"));
  CHECK_FALSE(printed(jobs(), {.width = 80, .coloured = false})->contains("\033["));
}
