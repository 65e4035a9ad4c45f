#include "daemons/base/path-watch.hpp"

#include <doctest/doctest.h>

#include <fstream>

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
