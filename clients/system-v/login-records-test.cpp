#include "clients/system-v/login-records.hpp"
#include "clients/system-v/testing/system-fixture.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>
#include <utmpx.h>

#include <filesystem>
#include <fstream>

using namespace upstart::client;

namespace {

struct Files : SystemFixture {
  LoginRecords records{path("utmp"), path("wtmp")};
  [[nodiscard]] auto count(const char* name) const { return std::filesystem::file_size(path(name)) / sizeof(utmpx); }
};

} // namespace

TEST_CASE("a runlevel that is recorded is read again, and by who and last") {
  Files files;
  files.make_records();
  CHECK(files.records.record_runlevel({'N', '2'}).empty());
  CHECK(files.records.record_runlevel({'2', '5'}).empty());
  CHECK(files.records.runlevels().value() == Runlevels{'2', '5'});
  CHECK(files.count("utmp") == 2); // the boot, and the runlevel that holds
  CHECK(files.count("wtmp") == 3); // the boot, and both
  if (auto said = output_of("who -r " + files.path("utmp")); !said.empty()) {
    CHECK(said.contains("run-level 5"));
    CHECK(said.contains("last=2"));
  }
  if (auto said = output_of("last -x -f " + files.path("wtmp")); !said.empty()) {
    CHECK(said.contains("(to lvl 2)"));
    CHECK(said.contains("(to lvl 5)"));
    CHECK(said.contains("system boot"));
  }
}

TEST_CASE("a shutdown is recorded in the history alone, where last finds it") {
  Files files;
  files.make_records();
  (void)files.records.record_runlevel({'N', '2'});
  CHECK(files.records.record_shutdown().empty());
  CHECK(files.records.runlevels().value() == Runlevels{'N', '2'});
  if (auto said = output_of("last -x -f " + files.path("wtmp")); !said.empty())
    CHECK(said.contains("shutdown system down"));
}

TEST_CASE("files that are not there stay so, and are named; a utmp is made where that is asked for") {
  Files files;
  auto errors = files.records.record_runlevel({'N', '2'});
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].file == files.path("utmp"));
  CHECK(errors[0].is_missing());
  CHECK(files.records.runlevels().error().is_missing());
  CHECK(!std::filesystem::exists(files.path("utmp")));
  errors = files.records.record_runlevel({'N', '2'}, LoginRecords::Missing::is_made);
  CHECK(errors.size() == 1); // the history
  CHECK(files.records.runlevels().value() == Runlevels{'N', '2'});
}

TEST_CASE("half a record at the end of a file does not spoil what is written after it") {
  Files files;
  files.make_records();
  (void)files.records.record_runlevel({'N', '2'});
  std::ofstream{files.path("utmp"), std::ios::app} << "half";
  std::ofstream{files.path("wtmp"), std::ios::app} << "half";
  CHECK(files.records.record_runlevel({'2', '3'}).empty());
  CHECK(files.records.runlevels().value() == Runlevels{'2', '3'});
  CHECK(files.count("wtmp") == 3);
}

TEST_CASE("a user who keeps utmp locked keeps nobody from changing the runlevel") {
  Files files;
  files.make_records();
  int other = ::open(files.path("utmp").c_str(), O_RDONLY);
  struct flock lock{};
  lock.l_type = F_RDLCK;
  REQUIRE(::fcntl(other, F_OFD_SETLK, &lock) == 0);
  CHECK(files.records.record_runlevel({'N', '6'}).empty());
  CHECK(files.records.runlevels().value() == Runlevels{'N', '6'});
  ::close(other);
}

TEST_CASE("terminals are those of users who are logged in, each once") {
  Files files;
  files.make_records();
  (void)files.records.record_runlevel({'N', '2'});
  for (const char* line : {"tty1", "pts/3", "tty1"}) files.log_in(line);
  CHECK(files.records.terminals().value() == std::vector<std::string>{"tty1", "pts/3"});
}
