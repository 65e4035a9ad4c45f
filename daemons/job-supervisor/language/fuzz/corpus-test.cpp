// Every text of the fuzz target's corpus, through the same function.
#include "daemons/job-supervisor/language/round-trip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

TEST_CASE("what must hold for any text holds for the whole corpus") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FUZZ_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator(file), {}};
    const auto violated = upstart::supervisor::violated_property(text);
    INFO(entry.path().string());
    CHECK_MESSAGE(!violated, violated.value_or(""));
    ++files;
  }
  CHECK(files > 0);
}
