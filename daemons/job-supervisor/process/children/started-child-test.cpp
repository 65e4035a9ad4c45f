#include "daemons/job-supervisor/process/children/started-child.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

using namespace upstart::supervisor;

namespace {

struct PathOfItsOwn {
  std::string path = (std::filesystem::temp_directory_path() / ("started-" + std::to_string(::getpid()))).string();
  PathOfItsOwn() { std::filesystem::remove(path); }
  ~PathOfItsOwn() { std::filesystem::remove(path); }
};

// Its start time, as the kernel has it.
std::uint64_t leave_mark_in_child(StartMark& mark) {
  pid_t child = ::fork();
  if (child == 0) {
    leave_mark(mark);
    ::_exit(0);
  }
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  auto facts = facts_of(child);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  REQUIRE(facts);
  CHECK(mark.pid == child);
  return facts->started;
}

} // namespace

TEST_CASE("the next supervisor finds the child that was forked last, by what it has left itself") {
  PathOfItsOwn place;
  std::uint64_t started = 0;
  pid_t pid = 0;
  {
    StartedChild last{place.path};
    auto* mark = last.begin("job", "", "main");
    REQUIRE(mark != nullptr);
    started = leave_mark_in_child(*mark);
    pid = mark->pid;
  }
  StartedChild last{place.path};
  auto found = last.find("job", "", "main");
  REQUIRE(found);
  CHECK(found->is(pid, started));
  CHECK_FALSE(last.find("job", "", "pre-start"));
  CHECK_FALSE(last.find("jo", "b", "main"));
}

TEST_CASE("a child that has not come so far, one before the last, and one whose end was told are not found") {
  PathOfItsOwn place;
  StartedChild last{place.path};
  auto* mark = last.begin("job", "", "main");
  CHECK_FALSE(last.find("job", "", "main"));
  leave_mark(*mark);
  CHECK(last.find("job", "", "main"));
  last.forget("other", "", "main");
  CHECK(last.find("job", "", "main"));
  CHECK(last.begin("other", "", "main") == mark);
  CHECK_FALSE(last.find("job", "", "main"));
  CHECK_FALSE(last.find("other", "", "main"));
  leave_mark(*mark);
  last.forget("other", "", "main");
  CHECK_FALSE(last.find("other", "", "main"));
}

TEST_CASE("without a file nothing is kept") {
  for (const auto* path : {"", "/nonexistent/started-child"}) {
    StartedChild last{path};
    CHECK(last.begin("job", "", "main") == nullptr);
    last.forget("job", "", "main");
    CHECK_FALSE(last.find("job", "", "main"));
  }
}
