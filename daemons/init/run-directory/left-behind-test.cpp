#include "daemons/init/run-directory/left-behind.hpp"

#include "daemons/base/listen.hpp"
#include "daemons/init/run-directory/own-directory.hpp"
#include "daemons/init/run-directory/run-directory.hpp"
#include "daemons/init/testing/stand-in-session.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace upstart::init;
using upstart::base::RunDirectoryLock;
namespace fs = std::filesystem;

namespace {

// A process number that nobody has.
constexpr pid_t nobody = 999'999'999;

// A process of the session with this address.
class Job {
public:
  explicit Job(const std::string& address) : pid_{::fork()} {
    if (pid_ > 0) return;
    auto entry = "UPSTART_SESSION=" + address;
    const char* arguments[] = {"sleep", "1000", nullptr};
    const char* environment[] = {entry.c_str(), "UPSTART_JOB=job", nullptr};
    ::execve("/bin/sleep", const_cast<char**>(arguments), const_cast<char**>(environment));
    ::_exit(1);
  }
  Job(const Job&) = delete;
  ~Job() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  void await_exec() const {
    for (std::string name; name != "sleep\n";) {
      std::ifstream file{"/proc/" + std::to_string(pid_) + "/comm"};
      std::getline(file, name);
      name += '\n';
    }
  }

private:
  pid_t pid_;
};

// A parent of run directories, with one that a dead init left.
struct Left {
  TemporaryDirectory runtime;
  std::string parent = runtime.path() + "/upstart";
  SessionRecord own = SessionRecord::of_this_process({"/etc/jobs"});
  std::string directory = parent + "/" + std::to_string(nobody);

  explicit Left(const SessionRecord& record) {
    fs::create_directories(directory);
    fs::create_directories(parent + "/sessions");
    CHECK(RunDirectoryLock::make_for_init(directory)); // and given up at once, as by the dead
    CHECK(record.write(directory));
    std::ofstream{directory + "/supervisor.journal"} << "something";
    std::ofstream{session_file()} << "UPSTART_SESSION=" << record.address << "\n";
  }
  Left() : Left(record()) {}
  static SessionRecord record() {
    auto result = SessionRecord::of_this_process({"/etc/jobs"});
    result.pid = nobody;
    result.address = "unix:abstract=/upstart-left-behind-test/" + std::to_string(::getpid());
    return result;
  }
  [[nodiscard]] std::string session_file() const { return parent + "/sessions/" + std::to_string(nobody) + ".session"; }
};

} // namespace

TEST_CASE("what init writes about itself is read as it was written") {
  auto record = SessionRecord::of_this_process({"/etc/a b", "/with\nline\\feed"});
  record.address = "unix:abstract=/x";
  CHECK(record.start_ticks > 0);
  CHECK_FALSE(record.boot.empty());
  CHECK(parse_record(to_text(record)) == record);
  CHECK_FALSE(parse_record("pid none\nstart 7\n"));
  CHECK_FALSE(SessionRecord::read("/no/such"));
}

TEST_CASE("a dead session of which nothing runs is removed with its session file") {
  Left left;
  CHECK_FALSE(clear_left_behind(left.parent, left.own));
  CHECK_FALSE(fs::exists(left.directory));
  CHECK_FALSE(fs::exists(left.session_file()));
}

TEST_CASE("a dead session whose job runs can be gone on with, and nobody else can take it meanwhile") {
  Left left;
  Job job{Left::record().address};
  job.await_exec();
  auto found = clear_left_behind(left.parent, left.own);
  REQUIRE(found);
  CHECK(found->path == left.directory);
  CHECK(found->record == Left::record());
  CHECK_FALSE(fs::exists(left.session_file())); // nobody answers there
  CHECK_FALSE(clear_left_behind(left.parent, left.own));
  CHECK(fs::exists(left.directory));
}

TEST_CASE(
    "other configuration, another boot or no memory of a supervisor: a dead session is removed though a job runs") {
  auto record = Left::record();
  bool memory = true;
  SUBCASE("configuration") { record.configuration = {"/etc/other"}; }
  SUBCASE("boot") { record.boot = "another"; }
  SUBCASE("memory") { memory = false; }
  Left left{record};
  Job job{record.address};
  job.await_exec();
  if (!memory) fs::remove(left.directory + "/supervisor.journal");
  CHECK_FALSE(clear_left_behind(left.parent, left.own));
  CHECK_FALSE(fs::exists(left.directory));
}

TEST_CASE("a session is not dead while its init or one of its daemons holds the lock, or its init is only about to") {
  Left left;
  std::optional<RunDirectoryLock> lock;
  SUBCASE("init") { lock = std::move(*RunDirectoryLock::make_for_init(left.directory)); }
  SUBCASE("a daemon") { lock = std::move(*RunDirectoryLock::share(left.directory)); }
  SUBCASE("about to") {
    auto record = Left::record();
    record.pid = ::getpid();
    REQUIRE(record.write(left.directory));
  }
  CHECK_FALSE(clear_left_behind(left.parent, left.own));
  CHECK(fs::exists(left.directory));
  CHECK(fs::exists(left.session_file()));
}

TEST_CASE("daemons that were killed with their init may take a moment to go") {
  Left left;
  auto lock = RunDirectoryLock::share(left.directory);
  REQUIRE(lock);
  std::thread dies{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{30});
    lock = std::unexpected(RunDirectoryLock::Refusal::no_lock);
  }};
  CHECK_FALSE(clear_left_behind(left.parent, left.own));
  dies.join();
  CHECK_FALSE(fs::exists(left.directory));
}

TEST_CASE("while a session is taken over no daemon can start there, afterwards it can") {
  Left left;
  Job job{Left::record().address};
  job.await_exec();
  auto found = clear_left_behind(left.parent, left.own);
  REQUIRE(found);
  auto refused = RunDirectoryLock::share(left.directory);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == RunDirectoryLock::Refusal::held);
  auto lock = take_over(std::move(*found), left.parent + "/7");
  REQUIRE(lock);
  lock->admit_daemons();
  CHECK(RunDirectoryLock::share(left.parent + "/7"));
  CHECK_FALSE(RunDirectoryLock::take_over(left.parent + "/7"));
}

TEST_CASE("a run directory that is taken over keeps its memory, loses its sockets, and is found by every path it had") {
  Left left;
  auto first = left.directory;
  REQUIRE(upstart::base::listen_at("unix:path=" + left.directory + "/notify"));
  for (const auto& name : {std::string{"7"}, std::string{"8"}}) {
    auto lock = RunDirectoryLock::take_over(left.directory);
    REQUIRE(lock);
    REQUIRE(take_over({left.directory, std::move(*lock), Left::record()}, left.parent + "/" + name));
    left.directory = left.parent + "/" + name;
  }
  CHECK(fs::exists(left.directory + "/supervisor.journal"));
  CHECK_FALSE(fs::exists(fs::symlink_status(left.directory + "/notify")));
  for (const auto& path : {first, left.parent + "/7"}) CHECK(fs::equivalent(path, left.directory));
  remove_old_paths(left.directory);
  CHECK_FALSE(fs::exists(fs::symlink_status(first)));
  CHECK(fs::exists(left.directory));
}

TEST_CASE("session files of processes that are not there are removed, those of others stay") {
  Left left;
  auto file = [&](pid_t pid) { return left.parent + "/sessions/" + std::to_string(pid) + ".session"; };
  std::ofstream{file(nobody - 1)} << "x";
  std::ofstream{file(::getppid())} << "x"; // an init of another make, say
  static_cast<void>(clear_left_behind(left.parent, left.own));
  CHECK_FALSE(fs::exists(file(nobody - 1)));
  CHECK(fs::exists(file(::getppid())));
}

TEST_CASE("a directory that others can change is refused, with what would be right") {
  TemporaryDirectory temporary;
  auto path = temporary.path() + "/upstart";
  SUBCASE("a link") {
    fs::create_directory_symlink("/tmp", path);
    CHECK(make_own_directory(path).error() == path + " cannot be used: it is a link; it must be a directory");
  }
  SUBCASE("a file") {
    std::ofstream{path} << "x";
    CHECK(make_own_directory(path).error() == path + " cannot be used: it is not a directory");
  }
  SUBCASE("writable for all") {
    fs::create_directory(path);
    fs::permissions(path, fs::perms::all);
    CHECK(make_own_directory(path).error() ==
          path + " cannot be used: others may write to it (mode 0777); its mode must be 0700");
  }
  SUBCASE("of another user") {
    if (::geteuid() != 0) return;
    fs::create_directory(path);
    REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    CHECK(make_own_directory(path).error() ==
          path + " cannot be used: it belongs to user 65534; it must belong to user 0, who runs init");
    CHECK(weakness_of(path).contains("belongs to user 65534"));
  }
  SUBCASE("right") {
    CHECK(make_own_directory(path));
    CHECK(make_own_directory(path));
    CHECK(weakness_of(path).empty());
    CHECK(weakness_of("/tmp").empty());
    fs::permissions(path, fs::perms::all);
    CHECK(weakness_of(path).contains("others may write"));
  }
}
