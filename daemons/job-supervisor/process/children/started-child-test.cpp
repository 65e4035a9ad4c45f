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

pid_t pid_in(const StartMark& mark) { return static_cast<pid_t>(mark.turn_and_pid.load() & 0xffff'ffffU); }

// Its start time, as the kernel has it.
std::uint64_t leave_mark_in_child(const StartedChild::Begun& begun) {
  pid_t child = ::fork();
  if (child == 0) {
    leave_mark(*begun.mark, begun.turn);
    ::_exit(0);
  }
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  auto facts = facts_of(child);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  REQUIRE(facts);
  CHECK(pid_in(*begun.mark) == child);
  return facts->started;
}

} // namespace

TEST_CASE("the next supervisor finds the child that was forked last, by what it has left itself") {
  PathOfItsOwn place;
  std::uint64_t started = 0;
  pid_t pid = 0;
  {
    StartedChild last{place.path};
    auto begun = last.begin("job", "", "main");
    REQUIRE(begun.mark != nullptr);
    started = leave_mark_in_child(begun);
    pid = pid_in(*begun.mark);
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
  auto first = last.begin("job", "", "main");
  CHECK_FALSE(last.find("job", "", "main"));
  leave_mark(*first.mark, first.turn);
  CHECK(last.find("job", "", "main"));
  last.forget("other", "", "main");
  CHECK(last.find("job", "", "main"));
  auto second = last.begin("other", "", "main");
  CHECK_FALSE(last.find("job", "", "main"));
  CHECK_FALSE(last.find("other", "", "main"));
  leave_mark(*second.mark, second.turn);
  CHECK(last.find("other", "", "main"));
  last.forget("other", "", "main");
  CHECK_FALSE(last.find("other", "", "main"));
}

TEST_CASE(
    "a child that is late leaves no mark in place of one that was begun after it, by the next supervisor neither") {
  PathOfItsOwn place;
  StartedChild::Begun late;
  {
    StartedChild last{place.path};
    late = last.begin("late", "", "main");
    auto next = last.begin("next", "", "main");
    leave_mark(*next.mark, late.turn);
    CHECK_FALSE(last.find("late", "", "main"));
    CHECK_FALSE(last.find("next", "", "main"));
    auto started = leave_mark_in_child(next);
    leave_mark(*next.mark, late.turn);
    auto found = last.find("next", "", "main");
    REQUIRE(found);
    CHECK(found->is(pid_in(*next.mark), started));
  }
  StartedChild last{place.path};
  auto next = last.begin("job", "", "main");
  for (std::uint32_t turn = late.turn; turn < next.turn; ++turn) leave_mark(*next.mark, turn);
  CHECK_FALSE(last.find("job", "", "main"));
}

TEST_CASE("without a file nothing is kept") {
  for (const auto* path : {"", "/nonexistent/started-child"}) {
    StartedChild last{path};
    CHECK(last.begin("job", "", "main").mark == nullptr);
    CHECK((last.error() == 0) == (*path == '\0'));
    last.forget("job", "", "main");
    CHECK_FALSE(last.find("job", "", "main"));
  }
}
