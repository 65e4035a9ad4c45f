#include "daemons/init/machine/crash.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace upstart::init;

TEST_CASE("crashes that follow each other closely are counted") {
  CrashNote note;
  for (long now : {100, 105, 115}) note = after_crash(note, now, 10);
  CHECK(note == CrashNote{3, 115});
}

TEST_CASE("a crash long after the one before is the first again, however many there were") {
  CHECK(after_crash({7, 100}, 111, 10) == CrashNote{1, 111});
  CHECK(after_crash({7, 100}, 161) == CrashNote{1, 161});
  CHECK(after_crash({7, 100}, 160) == CrashNote{8, 160});
}

TEST_CASE("the first crash soon after the machine's start is one") { CHECK(after_crash({}, 3) == CrashNote{1, 3}); }

TEST_CASE("the program that is executed anew reads how many there were, and hands the note to nobody else") {
  ::setenv("UPSTART_INIT_CRASHES", "2:17", 1);
  CHECK(crashes_so_far() == 2);
  CHECK(std::getenv("UPSTART_INIT_CRASHES") == nullptr);
  CHECK(crashes_so_far() == 0);
}
