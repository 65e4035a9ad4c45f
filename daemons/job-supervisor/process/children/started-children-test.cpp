#include "daemons/job-supervisor/process/children/started-children.hpp"

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
std::uint64_t leave_mark_in_child(const StartedChildren::Begun& begun) {
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
    StartedChildren last{place.path};
    auto begun = last.begin("job", "", "main");
    REQUIRE(begun.mark != nullptr);
    started = leave_mark_in_child(begun);
    pid = pid_in(*begun.mark);
  }
  StartedChildren last{place.path};
  auto found = last.find("job", "", "main");
  REQUIRE(found);
  CHECK(found->is(pid, started));
  CHECK_FALSE(last.find("job", "", "pre-start"));
  CHECK_FALSE(last.find("jo", "b", "main"));
}

TEST_CASE("a child that has not come so far, one before the last, and one whose end was told are not found") {
  PathOfItsOwn place;
  StartedChildren last{place.path};
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
  StartedChildren::Begun late;
  {
    StartedChildren last{place.path};
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
  StartedChildren last{place.path};
  auto next = last.begin("job", "", "main");
  for (std::uint32_t turn = late.turn; turn < next.turn; ++turn) leave_mark(*next.mark, turn);
  CHECK_FALSE(last.find("job", "", "main"));
}

TEST_CASE("one that is sought keeps its place though the next supervisors start others, until it is forgotten") {
  PathOfItsOwn place;
  StartedChildren dead{place.path}; // the late child has it mapped
  auto late = dead.begin("job", "", "main");
  bool has_come = false;
  for (const char* other : {"one", "two", "three"}) {
    StartedChildren next{place.path};
    CHECK(next.seek("job", "", "main"));
    CHECK(next.find("job", "", "main").has_value() == has_come);
    auto begun = next.begin(other, "", "main");
    auto started = leave_mark_in_child(begun);
    auto found = next.find(other, "", "main");
    REQUIRE(found);
    CHECK(found->is(pid_in(*begun.mark), started));
    if (!has_come) leave_mark(*late.mark, late.turn);
    has_come = true;
    auto sought = next.find("job", "", "main");
    REQUIRE(sought);
    CHECK(sought->pid == ::getpid());
  }
  StartedChildren next{place.path};
  CHECK_FALSE(next.seek("one", "", "main")); // nobody sought it: "two" took its place
  CHECK(next.seek("job", "", "main"));
  next.forget("job", "", "main");
  CHECK_FALSE(next.find("job", "", "main"));
  CHECK_FALSE(next.seek("job", "", "main"));
}

TEST_CASE("when all places are sought, another is begun without one, and not all are known any more") {
  PathOfItsOwn place;
  StartedChildren first{place.path};
  for (auto begun = ticks_since_boot(); ticks_since_boot() == begun;) {}
  for (int i = 0;; ++i) {
    StartedChildren next{place.path};
    for (int before = 0; before < i; ++before) REQUIRE(next.seek("job", std::to_string(before), "main"));
    auto before = ticks_since_boot();
    CHECK(next.knows_all_since(before));
    if (next.begin("job", std::to_string(i), "main").mark != nullptr) continue;
    CHECK(i == 64);
    CHECK_FALSE(next.knows_all_since(before));
    next.forget("job", "7", "main");
    CHECK(next.begin("job", "again", "main").mark != nullptr);
    break;
  }
}

TEST_CASE("it is known since when each has a place") {
  PathOfItsOwn place;
  auto before = ticks_since_boot();
  std::uint64_t since = 0;
  {
    StartedChildren last{place.path};
    CHECK_FALSE(last.knows_all_since(before));
    since = ticks_since_boot();
    CHECK(last.knows_all_since(since + 1));
  }
  StartedChildren next{place.path};
  CHECK(next.knows_all_since(since + 1));
  CHECK_FALSE(next.knows_all_since(0));
}

TEST_CASE("without a file nothing is kept") {
  for (const auto* path : {"", "/nonexistent/started-children"}) {
    StartedChildren last{path};
    CHECK(last.begin("job", "", "main").mark == nullptr);
    CHECK((last.error() == 0) == (*path == '\0'));
    CHECK_FALSE(last.seek("job", "", "main"));
    CHECK_FALSE(last.knows_all_since(ticks_since_boot() + 1));
    last.forget("job", "", "main");
    CHECK_FALSE(last.find("job", "", "main"));
  }
}
