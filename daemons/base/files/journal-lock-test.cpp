// Who may use a journal: one process, and the next one when that has gone, whatever its children still hold.
#include "daemons/base/files/journal.hpp"

#include "daemons/base/files/test/journal-fixture.hpp"

#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <array>
#include <thread>

using namespace upstart::base;
using upstart::base::test::TemporaryDirectory;

namespace {

const std::string magic = "upstart test 1\n";

[[noreturn]] void pause_until_killed() {
  for (;;) ::pause();
}

bool can_lock(const std::string& path) {
  FileDescriptor file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return ::fcntl(file.get(), F_GETLK, &whole) == 0 && whole.l_type == F_UNLCK;
}

Journal::Found opened(const std::string& path) {
  auto found = Journal::open(path, magic);
  REQUIRE_MESSAGE(found, (found ? "" : found.error()));
  return std::move(*found);
}

} // namespace

TEST_CASE("two processes cannot use one journal") {
  TemporaryDirectory directory;
  const auto file = directory.path() + "/test.journal";
  auto first = opened(file);
  pid_t other = ::fork();
  if (other == 0) {
    auto second = Journal::open(file, magic);
    ::_exit(!second && second.error().contains("another process uses this journal") ? 0 : 1);
  }
  int status = 1;
  REQUIRE(::waitpid(other, &status, 0) == other);
  CHECK(status == 0);
}

TEST_CASE("a child of its process, which has its descriptors, holds no journal") {
  TemporaryDirectory directory;
  const auto file = directory.path() + "/test.journal";
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  pid_t owner = ::fork();
  if (owner == 0) {
    auto first = opened(file);
    pid_t child = ::fork();
    if (child == 0) {
      ::pause();
      ::_exit(0);
    }
    ::_exit(::write(ends[1], &child, sizeof child) == sizeof child ? 0 : 1);
  }
  pid_t child = 0;
  REQUIRE(::waitpid(owner, nullptr, 0) == owner);
  REQUIRE(::read(ends[0], &child, sizeof child) == sizeof child);
  CHECK(Journal::open(file, magic));
  ::kill(child, SIGKILL);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a child that has not left the descriptors of a writer who is dead is waited for") {
  TemporaryDirectory directory;
  const auto file = directory.path() + "/test.journal";
  std::array<int, 2> held{}, leave{};
  REQUIRE(::pipe2(held.data(), O_CLOEXEC) == 0);
  REQUIRE(::pipe2(leave.data(), O_CLOEXEC) == 0);
  pid_t writer = ::fork();
  if (writer == 0) {
    auto mine = Journal::open(file, magic);
    if (mine && ::syscall(SYS_clone, CLONE_FILES | SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) {
      char one = 0;
      ::close(leave[1]);
      (void)!::write(held[1], &one, 1);
      (void)!::read(leave[0], &one, 1); // until the test lets it go
      ::_exit(0);
    }
    pause_until_killed();
  }
  ::close(held[1]);
  char one = 0;
  REQUIRE(::read(held[0], &one, 1) == 1);
  ::kill(writer, SIGKILL);
  REQUIRE(::waitpid(writer, nullptr, 0) == writer);
  CHECK_FALSE(can_lock(file + ".lock"));
  FileDescriptor openings{::inotify_init1(IN_CLOEXEC)};
  REQUIRE(::inotify_add_watch(openings.get(), (file + ".lock").c_str(), IN_OPEN) >= 0);
  std::jthread later{[&] { // lets the child go when the next one asks for the lock
    std::array<char, 4096> event{};
    (void)!::read(openings.get(), event.data(), event.size());
    ::close(leave[1]);
  }};
  auto found = opened(file);
  CHECK(found.fault.empty());
}
