#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("a process's name may look like anything in its stat line") {
  auto facts = parse_stat("42 (a) S 9 9 (x) S 7 42 41 0 -1 4 1 2 3 4 11 22 0 0 20 0 1 0 5555 0 0");
  REQUIRE(facts);
  CHECK(facts->pid == 42);
  CHECK(facts->state == 'S');
  CHECK(facts->parent == 7);
  CHECK(facts->session == 41);
  CHECK(facts->ending);
  CHECK(facts->processor_time == 33);
  CHECK(facts->started == 5555);
  for (const char* text : {"", "42", "42 (a", "42 (a)", "42 (a) S", "42 (a) S x y"}) CHECK_FALSE(parse_stat(text));
}
