#include "daemons/init/processes/programs.hpp"
#include "daemons/init/run-directory/run-directory.hpp"
#include "daemons/init/run-directory/session-file.hpp"
#include "daemons/init/testing/stand-in-session.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace upstart::init;
namespace fs = std::filesystem;

TEST_CASE("what an earlier process of the same number left in the run directory goes first") {
  TemporaryDirectory runtime;
  auto own = SessionRecord::of_this_process({});
  auto path = runtime.path() + "/upstart/" + std::to_string(own.pid);
  fs::create_directories(path + "/old");
  fs::permissions(runtime.path() + "/upstart", fs::perms::owner_all);
  {
    auto directory = RunDirectory::make(Mode::user, {.runtime = runtime.path()}, own);
    REQUIRE(directory);
    CHECK(directory->path() == path);
    CHECK_FALSE(directory->left_by());
    CHECK_FALSE(fs::exists(path + "/old"));
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a session file holds the address, nothing else is beside it, and it goes with its owner") {
  TemporaryDirectory runtime;
  fs::create_directory(runtime.path() + "/upstart");
  {
    auto file = SessionFile::write(runtime.path(), 7, "unix:abstract=/x");
    REQUIRE(file);
    std::ifstream reader{file->path()};
    std::string line;
    std::getline(reader, line);
    CHECK(line == "UPSTART_SESSION=unix:abstract=/x");
    CHECK(std::distance(fs::directory_iterator{fs::path{file->path()}.parent_path()}, {}) == 1);
  }
  CHECK(fs::is_empty(runtime.path() + "/upstart/sessions"));
}

TEST_CASE("a session file that cannot be written is told with its path and the reason") {
  CHECK(SessionFile::write("/no/such", 7, "x").error() ==
        "unable to make the directory /no/such/upstart/sessions: No such file or directory");
}

TEST_CASE(
    "a daemon is found in the directory given, and a program in PATH; files that cannot be run are not programs") {
  TemporaryDirectory directory;
  std::ofstream{directory.path() + "/tool"} << "#!/bin/sh\n";
  CHECK(find_daemon("tool", directory.path()).error() == "unable to find the program tool in " + directory.path());
  fs::permissions(directory.path() + "/tool", fs::perms::owner_all);
  CHECK(find_daemon("tool", directory.path()) == directory.path() + "/tool");
  CHECK(find_in_path("tool", "/no/such::" + directory.path()) == directory.path() + "/tool");
  CHECK_FALSE(find_in_path("tool", ""));
  CHECK(find_daemon("no-such-program", std::nullopt).error().contains("/upstart"));
}
