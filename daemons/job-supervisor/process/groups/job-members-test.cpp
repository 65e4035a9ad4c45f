#include "daemons/job-supervisor/process/groups/job-members.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace upstart::supervisor;

namespace {

// Leads a session, with this environment.
class Leader {
public:
  explicit Leader(std::vector<std::string> environment) {
    int executed[2];
    REQUIRE(::pipe2(executed, O_CLOEXEC) == 0);
    std::vector<char*> strings;
    for (auto& one : environment) strings.push_back(one.data());
    strings.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setsid();
      char program[] = "/bin/sleep", time[] = "1000";
      char* arguments[] = {program, time, nullptr};
      ::execve(program, arguments, strings.data());
      ::_exit(1);
    }
    ::close(executed[1]);
    char byte = 0;
    CHECK(::read(executed[0], &byte, 1) == 0);
    ::close(executed[0]);
  }
  ~Leader() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;
  [[nodiscard]] Membership membership(const JobMembers& members) const {
    auto facts = facts_of(pid_);
    REQUIRE(facts);
    return membership_of(*facts, members);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

private:
  pid_t pid_ = 0;
};

const std::vector<std::string> marks{"UPSTART_JOB=one", "UPSTART_INSTANCE="};

} // namespace

TEST_CASE("who is in a session of the instance belongs to it, whatever its environment has lost") {
  for (const auto& environment : {marks, {}, {"HOME=/"}}) {
    Leader leader{environment};
    CHECK(leader.membership({.group = "", .marks = marks, .sessions = {leader.pid()}}) == Membership::member);
  }
}

TEST_CASE("another instance's process is a stranger, though its session has a number that one of the instance had") {
  for (const auto& environment : std::vector<std::vector<std::string>>{{"UPSTART_JOB=other", "UPSTART_INSTANCE="},
                                                                       {"UPSTART_JOB=one", "UPSTART_INSTANCE=2"}}) {
    Leader leader{environment};
    CHECK(leader.membership({.group = "", .marks = marks, .sessions = {leader.pid()}}) == Membership::stranger);
  }
}

TEST_CASE("who has begun a session of its own is known by its environment, and not if it is older") {
  Leader leader{marks};
  CHECK(leader.membership({.group = "", .marks = marks}) == Membership::member);
  CHECK(leader.membership({.group = "", .marks = {"UPSTART_JOB=other"}}) == Membership::stranger);
  CHECK(leader.membership({.group = "", .marks = marks, .since = ticks_since_boot() + 1}) == Membership::stranger);
}
