#include "daemons/init/processes/programs.hpp"
#include "daemons/init/run-directory/run-directory.hpp"
#include "daemons/init/testing/stand-in-session.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace upstart::init;
namespace fs = std::filesystem;

TEST_CASE("what an earlier process of the same number left in the run directory goes first") {
  TemporaryDirectory runtime;
  fs::create_directories(runtime.path() + "/upstart/7/old");
  {
    auto directory = RunDirectory::make(Mode::user, {.runtime = runtime.path()}, 7);
    REQUIRE(directory);
    CHECK(directory->path() == runtime.path() + "/upstart/7");
    CHECK(fs::is_empty(directory->path()));
  }
  CHECK_FALSE(fs::exists(runtime.path() + "/upstart/7"));
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
  CHECK(find_daemon("no-such-program", std::nullopt).error().contains("libexec/upstart"));
}
