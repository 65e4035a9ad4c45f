#include "daemons/job-supervisor/process/groups/end-scope.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

using namespace upstart::supervisor;

namespace {

constexpr pid_t main_pid = 100;

// Of a pid that no process has: nothing of it is read from /proc.
ProcessFacts process(pid_t group, pid_t session, int terminal = 0) {
  constexpr pid_t none = 999'999'999;
  return {.pid = none, .parent = 1, .group = group, .session = session, .terminal = terminal};
}

EndScope scope(KillMode mode, LoginContext context = {}) {
  return {mode, main_pid, {.group = {}, .sessions = {main_pid}}, std::move(context)};
}

} // namespace

TEST_CASE("kill mode says which process groups end with main") {
  auto in_group = process(main_pid, main_pid), other_group = process(101, main_pid);
  CHECK(scope(KillMode::all).includes(in_group));
  CHECK(scope(KillMode::all).includes(other_group));
  CHECK(scope(KillMode::group).includes(in_group));
  CHECK_FALSE(scope(KillMode::group).includes(other_group));
  CHECK_FALSE(scope(KillMode::process).includes(in_group));
}

TEST_CASE("a session with a terminal of its own is a login, main's own session is none") {
  CHECK_FALSE(scope(KillMode::all).includes(process(101, 999'999'998, 0x8801)));
  CHECK(scope(KillMode::all).includes(process(101, 999'999'998)));
  CHECK(scope(KillMode::all).includes(process(main_pid, main_pid, 0x501)));
}

TEST_CASE("a session of another audit session, or moved to another control group, is a login") {
  ProcessFacts here = process(101, 999'999'998);
  here.pid = ::getpid();
  LoginContext same = login_context_of(here.pid, true);
  CHECK(scope(KillMode::all, same).includes(here));
  CHECK_FALSE(scope(KillMode::all, {same.audit_session, "0::/another\n"}).includes(here));
  if (same.audit_session.empty()) MESSAGE("skipped: the kernel has no audit");
  else CHECK_FALSE(scope(KillMode::all, {"77", same.control_groups}).includes(here));
}

TEST_CASE(
    "in which control groups a process was that has ended is not known: it is no login, nor is what main has left") {
  pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT) == 0); // it stays until it is reaped
  CHECK(login_context_of(ended, true).control_groups.empty());
  ProcessFacts gone = process(101, 999'999'998);
  gone.pid = ended;
  CHECK(scope(KillMode::all, login_context_of(::getpid(), true)).includes(gone));
  ProcessFacts here = process(101, 999'999'998);
  here.pid = ::getpid();
  CHECK(scope(KillMode::all, login_context_of(ended, true)).includes(here));
  ::waitpid(ended, nullptr, 0);
}
