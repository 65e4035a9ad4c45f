#include "daemons/timer-bridge/clock/last-times-file.hpp"

#include "daemons/bridge/testing/temporary-directory.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace upstart::timer_bridge;
using namespace std::chrono;
using Sharing = LastTimesFile::Sharing;

namespace {

// Lines of others: one as old as yesterday, one of a year ago.
struct Times {
  upstart::bridge::testing::TemporaryDirectory directory;
  WallTime now = floor<seconds>(system_clock::now());
  TimerTable::LastTimes others{{"AT=recent", now - days{1}}, {"AT=old", now - days{365}}};

  Times() { REQUIRE(LastTimesFile(directory.path(), Sharing::alone).write(others)); }
};

} // namespace

TEST_CASE("lines of conditions that nobody asks for are dropped where one writes alone, also if it has none itself") {
  Times test;
  LastTimesFile file{test.directory.path(), Sharing::alone};
  REQUIRE(file.write({{"AT=own", test.now}}));
  CHECK(file.read() == TimerTable::LastTimes{{"AT=own", test.now}});
  LastTimesFile next{test.directory.path(), Sharing::alone};
  REQUIRE(next.write({}));
  CHECK(next.read().empty());
}

TEST_CASE("where several write, others' lines stay until they are old, and one's own go") {
  Times test;
  LastTimesFile file{test.directory.path(), Sharing::with_others};
  REQUIRE(file.write({{"AT=own", test.now}}));
  CHECK(file.read() == TimerTable::LastTimes{{"AT=own", test.now}, {"AT=recent", test.now - days{1}}});
  REQUIRE(file.write({}));
  CHECK(file.read() == TimerTable::LastTimes{{"AT=recent", test.now - days{1}}});
}

TEST_CASE("where there is nothing to write, no file is made") {
  upstart::bridge::testing::TemporaryDirectory directory;
  REQUIRE(LastTimesFile(directory / "state", Sharing::with_others).write({}));
  CHECK_FALSE(std::filesystem::exists(directory / "state"));
}
