#include "daemons/base/processes/process-stat.hpp"

#include <doctest/doctest.h>

#include <string>
#include <unistd.h>

using upstart::base::parse_process_stat;
using upstart::base::process_stat;

TEST_CASE("what the kernel says of a process is read, whatever its name holds") {
  const std::string behind =
      "S 7 8 9 34816 10 4194560 1 2 3 4 50 6 70 80 20 0 3 0 123456 1000000 250 18446744073709551615 1";
  for (const std::string name : {"init", "a) S 1 2 (b", ""}) {
    auto text = "42 (" + name + ") " + behind;
    auto stat = parse_process_stat(text);
    REQUIRE(stat);
    CHECK(stat->pid == 42);
    CHECK(stat->parent == 7);
    CHECK(stat->session == 9);
    CHECK(stat->name == name);
    CHECK(stat->processor_ticks == 56);
    CHECK(stat->threads == 3);
    CHECK(stat->start_ticks == 123456);
    CHECK(stat->resident_pages == 250);
  }
}

TEST_CASE("what is no such text gives nothing") {
  for (const char* text : {"", "42", "42 (init", "42 init) S 7", "42 (init) ", "42 (init) S 7 8 9 34816"})
    CHECK_FALSE(parse_process_stat(text));
}

TEST_CASE("of this process the kernel says who is its parent, of one that is not there nothing") {
  auto own = process_stat(::getpid());
  REQUIRE(own);
  CHECK(own->pid == ::getpid());
  CHECK(own->parent == ::getppid());
  CHECK(own->session == ::getsid(0));
  CHECK_FALSE(process_stat(0));
}
