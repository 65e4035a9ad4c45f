#include "daemons/base/path-watch.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <utility>

using upstart::base::EventLoop;
using upstart::base::PathWatch;

TEST_CASE("a path is noticed although even its directory had to be made first") {
  std::string directory = "/tmp/path-watch-test-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  auto path = std::filesystem::path{directory} / "run" / "dbus" / "socket";
  EventLoop loop;
  int told = 0;
  PathWatch watch{loop, path, [&] { ++told; }};
  REQUIRE(watch.works());
  loop.run_once(false);
  CHECK(told == 0);
  std::filesystem::create_directory(path.parent_path().parent_path());
  while (told < 1) loop.run_once();
  std::filesystem::create_directory(path.parent_path());
  while (told < 2) loop.run_once();
  std::ofstream{path} << "x";
  while (told < 3) loop.run_once();
  CHECK(std::filesystem::exists(path));
  std::filesystem::remove_all(directory);
}

TEST_CASE("a change and the end of a file are told of where that is asked for; what happens beside it is not") {
  std::string directory = "/tmp/path-watch-test-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  auto path = std::filesystem::path{directory} / "upstart" / "fleet.conf";
  EventLoop loop;
  int told = 0;
  PathWatch watch{loop, path, [&] { ++told; }, PathWatch::Told::every_change};
  auto settle = [&] {
    for (int turn = 0; turn < 10; ++turn) loop.run_once(false);
    return std::exchange(told, 0);
  };
  std::ofstream{std::filesystem::path{directory} / "other"} << "x";
  CHECK(settle() == 0);
  std::filesystem::create_directory(path.parent_path());
  CHECK(settle() == 1); // and once, although the watch moved down
  std::ofstream{path.parent_path() / "other"} << "x";
  CHECK(settle() == 0);
  std::ofstream{path} << "x";
  CHECK(settle() >= 1);
  std::ofstream{path} << "y";
  CHECK(settle() >= 1);
  std::filesystem::rename(path, path.parent_path() / "away");
  CHECK(settle() >= 1);
  std::filesystem::remove_all(path.parent_path());
  CHECK(settle() >= 1);
  std::filesystem::create_directory(path.parent_path());
  std::ofstream{path} << "z";
  CHECK(settle() >= 1);
  std::filesystem::remove_all(directory);
}
