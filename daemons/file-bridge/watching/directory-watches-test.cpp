#include "daemons/file-bridge/watching/directory-watches.hpp"

#include "daemons/bridge/testing/temporary-directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace upstart;
using namespace upstart::file_bridge;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

const char* word(DirectoryWatches::Seen seen) {
  static constexpr const char* words[]{"made", "came", "gone", "modified", "closed", "attribute"};
  return words[static_cast<std::size_t>(seen)];
}

struct Watched {
  bridge::testing::TemporaryDirectory directory;
  base::EventLoop loop;
  Words told;
  DirectoryWatches watches{loop,
                           {.entry = [this](const auto& path, auto seen) { tell(path, word(seen)); },
                            .directory = [this](const auto& path) { tell(path, "compare"); },
                            .overflow = [this] { told.emplace_back("overflow"); },
                            .batch_done = [this] { told.emplace_back("."); }}};

  void tell(const std::string& path, const std::string& what) {
    told.push_back(path.substr(directory.path().size()) + " " + what);
  }
  // What is told until this comes.
  bool until(const std::string& line) {
    bool late = false;
    base::Timer limit{loop, [&] { late = true; }};
    limit.start(std::chrono::seconds{10});
    while (!late && !std::ranges::contains(told, line)) loop.run_once();
    return !late;
  }
  void write(const std::string& path) const { std::ofstream{directory / path} << "x"; }
};

} // namespace

TEST_CASE("what happens faster than it is read does not keep the loop from all else") {
  Watched test;
  test.watches.want({test.directory.path()});
  for (int i = 0; i < 1500; ++i) test.write("a" + std::to_string(i % 2)); // far more than is read at a time
  test.write("last");
  CHECK(test.until("."));
  CHECK_FALSE(std::ranges::contains(test.told, "/last closed"));
  CHECK(test.until("/last closed"));
  CHECK(std::ranges::count(test.told, ".") > 1);
}

TEST_CASE("what happens to the entries of a directory is told in order") {
  Watched test;
  test.watches.want({test.directory.path()});
  test.write("a");
  fs::rename(test.directory / "a", test.directory / "b");
  fs::remove(test.directory / "b");
  CHECK(test.until("/b gone"));
  CHECK(std::ranges::contains(test.told, "/a made"));
  CHECK(std::ranges::contains(test.told, "/a closed"));
  CHECK(std::ranges::contains(test.told, "/a gone"));
  CHECK(std::ranges::contains(test.told, "/b came"));
}

TEST_CASE("a directory that is missing is watched from when it comes, with all that is missing above it") {
  Watched test;
  test.watches.want({test.directory / "x/y/z"});
  fs::create_directories(test.directory / "x/y/z");
  CHECK(test.until("/x/y/z compare"));
  test.write("x/y/z/a");
  CHECK(test.until("/x/y/z/a closed"));
}

TEST_CASE("a directory that goes, or another above it, is told of, and watched again when it is back") {
  Watched test;
  fs::create_directories(test.directory / "x/y");
  test.watches.want({test.directory / "x/y"});
  fs::rename(test.directory / "x", test.directory / "old");
  CHECK(test.until("/x/y compare"));
  test.told.clear();
  test.write("old/y/a");
  fs::create_directories(test.directory / "x/y");
  CHECK(test.until("/x/y compare"));
  test.write("x/y/b");
  CHECK(test.until("/x/y/b closed"));
  CHECK(std::ranges::none_of(test.told, [](const auto& line) { return line.contains("/a"); }));
  test.told.clear();
  fs::remove_all(test.directory / "x");
  CHECK(test.until("/x/y compare"));
}

TEST_CASE("a directory that nobody wants any more is not told of") {
  Watched test;
  fs::create_directories(test.directory / "x");
  fs::create_directories(test.directory / "y");
  test.watches.want({test.directory / "x", test.directory / "y"});
  test.watches.want({test.directory / "y"});
  test.write("x/a");
  test.write("y/b");
  CHECK(test.until("/y/b closed"));
  CHECK(std::ranges::none_of(test.told, [](const auto& line) { return line.contains("/x/"); }));
}
