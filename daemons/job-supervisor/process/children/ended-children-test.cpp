#include "daemons/job-supervisor/process/children/ended-children.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace upstart::supervisor;

namespace {
struct PathOfItsOwn {
  std::string path = (std::filesystem::temp_directory_path() / ("ends-" + std::to_string(::getpid()))).string();
  PathOfItsOwn() { std::filesystem::remove(path); }
  ~PathOfItsOwn() { std::filesystem::remove(path); }
};
} // namespace

TEST_CASE("the next supervisor finds how a child ended that this one has reaped") {
  PathOfItsOwn place;
  {
    EndedChildren ends{place.path};
    REQUIRE(ends.error() == 0);
    ends.add({7, 100, 101}, 0x100);
    ends.add({8, 100, 101}, 9);
  }
  EndedChildren ends{place.path};
  CHECK(ends.wait_status_of({7, 101, 101}) == 0x100);
  CHECK(ends.wait_status_of({8, 0, 0}) == 9);
  CHECK_FALSE(ends.wait_status_of({9, 100, 101}));
  CHECK_FALSE(ends.wait_status_of({7, 102, 103})); // another process that had the same pid later
}

TEST_CASE("of many ends the last are kept") {
  PathOfItsOwn place;
  EndedChildren ends{place.path};
  for (int i = 1; i <= 2000; ++i) ends.add({i, 1, 1}, i);
  CHECK(ends.wait_status_of({2000, 1, 1}) == 2000);
  CHECK(ends.wait_status_of({2000 - static_cast<int>(EndedChildren::most_kept) + 1, 1, 1}));
  CHECK_FALSE(ends.wait_status_of({1, 1, 1}));
}

TEST_CASE("a file that is something else is begun anew, and without a file nothing is kept") {
  PathOfItsOwn place;
  std::ofstream{place.path} << std::string(100'000, 'x');
  EndedChildren anew{place.path};
  CHECK(anew.error() == 0);
  CHECK_FALSE(anew.wait_status_of({7, 0, 0}));
  EndedChildren none{""}, nowhere{"/nonexistent/ends"};
  none.add({7, 1, 1}, 0);
  CHECK_FALSE(none.wait_status_of({7, 1, 1}));
  CHECK(nowhere.error() != 0);
}
