#include "daemons/base/files/refused-execution.hpp"

#include "daemons/base/files/test/journal-fixture.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

using upstart::base::RefusedExecution;

TEST_CASE("a refused execution is read as it was written, replaces the one before, and is forgotten") {
  std::string directory = std::filesystem::temp_directory_path() / "upstart-refused-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  CHECK_FALSE(RefusedExecution::read(directory));
  REQUIRE(RefusedExecution{.when = 1, .asked_by = "TERM signal", .why = "a"}.write(directory));
  REQUIRE(RefusedExecution{.when = 2, .asked_by = "process 12 of user 0", .why = "two\nlines"}.write(directory));
  auto read = RefusedExecution::read(directory);
  REQUIRE(read);
  CHECK(*read == RefusedExecution{.when = 2, .asked_by = "process 12 of user 0", .why = "two lines"});
  CHECK(read->text().ends_with(", asked by process 12 of user 0: two lines"));
  RefusedExecution::forget(directory);
  CHECK_FALSE(RefusedExecution::read(directory));
  CHECK(std::filesystem::is_empty(directory));
  CHECK_FALSE(RefusedExecution{}.write(directory + "/none"));
  {
    upstart::base::test::FullDisk full{10};
    auto written = RefusedExecution{.when = 1, .asked_by = "TERM signal", .why = "a"}.write(directory);
    REQUIRE_FALSE(written);
    CHECK(written.error().ends_with("No space left on device"));
  }
  CHECK(std::filesystem::is_empty(directory));
  std::filesystem::remove(directory);
}
