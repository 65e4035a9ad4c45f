#include "daemons/base/fault-point.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <cstdlib>
#include <string>
#include <unistd.h>

#ifdef UPSTART_FAULT_POINTS

namespace {

// Whether a process with this wish dies while it passes "test.a", "test.b" and "test.a" again.
bool dies_with(const char* wish, const char* once = nullptr) {
  auto child = ::fork();
  if (child == 0) {
    ::setenv("UPSTART_FAULT", wish, 1);
    if (once != nullptr) ::setenv("UPSTART_FAULT_ONCE", once, 1);
    upstart::base::fault_wish() = upstart::base::FaultWish::from_environment(); // other tests have passed points
    for (const char* point : {"test.a", "test.b", "test.a"}) upstart::base::fault_point(point);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

} // namespace

TEST_CASE("a process dies at the point that its environment names, at the passing that is wished, and nowhere else") {
  CHECK(dies_with("test.b"));
  CHECK(dies_with("test.a"));
  CHECK(dies_with("test.a:2"));
  CHECK_FALSE(dies_with("test.a:3"));
  CHECK_FALSE(dies_with("test.c"));
  CHECK_FALSE(dies_with(""));
}

TEST_CASE("a fault that is wished once spares the process that comes after") {
  char directory[] = "/tmp/fault-point-test-XXXXXX";
  REQUIRE(::mkdtemp(directory) != nullptr);
  auto file = std::string{directory} + "/died";
  CHECK(dies_with("test.b", file.c_str()));
  CHECK_FALSE(dies_with("test.b", file.c_str()));
  ::unlink(file.c_str());
  ::rmdir(directory);
}

#endif
