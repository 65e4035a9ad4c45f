// From a job's output to its log.
#include "daemons/job-supervisor/process/test/process-fixture.hpp"

#include <csignal>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <termios.h>

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

const std::string actor = UPSTART_TEST_ACTOR;

// Unmounts when it goes.
struct SmallDisk {
  explicit SmallDisk(std::string at)
      : path{std::move(at)}, mounted{::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64k") == 0} {}
  ~SmallDisk() {
    if (mounted) ::umount2(path.c_str(), MNT_DETACH);
  }
  std::string path;
  bool mounted;
};

mode_t mode_of(const std::string& path) {
  struct stat status{};
  ::stat(path.c_str(), &status);
  return status.st_mode & 07777;
}

} // namespace

TEST_CASE("programs see a terminal, and lines end as they were written") {
  TestJob job;
  job.script("[ -t 1 ] && [ -t 2 ] && echo terminal\necho error >&2\nprintf 'no newline'\n");
  CHECK(job.run() == "terminal\nerror\nno newline");
}

TEST_CASE("the terminal is 80 columns wide and 24 rows high") {
  TestJob job;
  job.script("stty size < /proc/self/fd/1");
  CHECK(job.run() == "24 80\n");
}

TEST_CASE("all bytes pass as they are") {
  TestJob job;
  job.script("printf '\\001\\002\\003\\004\\021\\023\\032\\177\\377\\r\\t\\n'");
  CHECK(job.run() == "\001\002\003\004\021\023\032\177\377\r\t\n");
}

TEST_CASE("a log is made with mode 0640 whatever the umask, and only when there is something to write") {
  auto before = ::umask(0);
  TestJob job;
  job.exec("echo something");
  job.run();
  CHECK(mode_of(job.directory / "job.log") == 0640);
  TestJob silent;
  silent.exec("true");
  silent.run();
  CHECK_FALSE(std::filesystem::exists(silent.directory / "job.log"));
  ::umask(before);
}

TEST_CASE("what is written when a process ends is in the log before its end is told") {
  TestJob job;
  job.exec("head -c 1000000 /dev/zero");
  std::size_t seen = 0;
  job.events.on_ended = [&] { seen = job.log().size(); };
  job.run();
  CHECK(seen == 1000000);
}

TEST_CASE("all processes of an instance write to one log, one after the other") {
  TestJob job;
  job.exec("echo before", ProcessKind::pre_start);
  job.exec("echo main");
  REQUIRE(job.spawn(ProcessKind::pre_start));
  REQUIRE(job.await_told("pre-start ended"));
  CHECK(job.run() == "before\nmain\n");
}

TEST_CASE("what a child of a dead process writes is logged, also when the instance is gone") {
  TestJob job;
  std::string go = job.directory / "go";
  job.script("echo early\n(while [ ! -e " + go + " ]; do sleep 0.01; done; echo late) &\n");
  CHECK(job.run() == "early\n");
  job.job.reset();
  std::ofstream{go} << "go";
  CHECK(await(job.loop, [&] { return job.log() == "early\nlate\n"; }));
}

TEST_CASE("a log that was removed or renamed is made anew, without waiting for the next process") {
  TestJob job;
  job.script("while read line; do echo $line; done < " + (job.directory / "fifo"));
  REQUIRE(::mkfifo((job.directory / "fifo").c_str(), 0600) == 0);
  REQUIRE(job.spawn());
  std::ofstream fifo{job.directory / "fifo"};
  auto say = [&](const std::string& text) { fifo << text << std::endl; };
  say("one");
  REQUIRE(await(job.loop, [&] { return job.log() == "one\n"; }));
  std::filesystem::remove(job.directory / "job.log");
  say("two");
  CHECK(await(job.loop, [&] { return job.log() == "two\n"; }));
  std::filesystem::rename(job.directory / "job.log", job.directory / "old.log");
  say("three");
  CHECK(await(job.loop, [&] { return job.log() == "three\n"; }));
  CHECK(contents(job.directory / "old.log") == "two\n");
  fifo.close();
  CHECK(job.await_told("main ended"));
}

TEST_CASE("a log that cannot be written is told with its job") {
  std::vector<std::string> told;
  ProcessOptions options;
  options.warn_of_job = [&](const std::string& name, const std::string& what) { told.push_back(name + ": " + what); };
  TestJob job{options};
  std::filesystem::create_directory(job.directory / "job.log");
  job.exec("echo something");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("main ended"));
  REQUIRE_FALSE(told.empty());
  CHECK(told[0].starts_with("job: its log " + (job.directory / "job.log") + ": cannot be written, output is kept: "));
}

TEST_CASE("an idle process holds a pidfd and a terminal, and no more") {
  TestJob job;
  job.exec("sleep 1000");
  auto descriptors = [] { return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}); };
  job.processes = std::make_unique<RealProcesses>(job.loop, job.options);
  job.loop.run_once(false);
  auto before = descriptors();
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("ready"));
  CHECK(descriptors() == before + 2);
  job.job->signal(ProcessKind::main, SIGKILL);
  CHECK(job.await_told("main ended"));
  CHECK(await(job.loop, [&] { return descriptors() == before; }));
}

TEST_CASE("a link in the place of the log is not followed; what was written comes when it is gone") {
  TestJob job;
  std::ofstream{job.directory / "precious"} << "precious\n";
  std::filesystem::create_symlink(job.directory / "precious", job.directory / "job.log");
  job.exec("echo output");
  job.run();
  CHECK(contents(job.directory / "precious") == "precious\n");
  REQUIRE(job.warnings.size() == 1);
  CHECK(job.warnings.front().ends_with("it is a symbolic link, which is not followed"));
  std::filesystem::remove(job.directory / "job.log");
  CHECK(await(job.loop, [&] { return job.log() == "output\n"; }));
  CHECK(contents(job.directory / "precious") == "precious\n");
}

TEST_CASE("a FIFO in the place of the log makes nobody wait") {
  TestJob job;
  REQUIRE(::mkfifo((job.directory / "job.log").c_str(), 0600) == 0);
  job.exec("echo output");
  REQUIRE(job.spawn());
  CHECK(job.await_told("main ended"));
}

TEST_CASE("until the directory can be written output is kept, and written when it is told so") {
  TestJob job;
  job.options.log_directory = job.directory / "later";
  job.exec("echo early output");
  job.run();
  job.job.reset();
  std::filesystem::create_directory(job.options.log_directory);
  job.processes->logs_writable();
  CHECK(contents(job.directory / "later/job.log") == "early output\n");
}

TEST_CASE("output that is kept is also written without being told, in order with what comes later") {
  TestJob job;
  job.options.log_directory = job.directory / "later";
  job.exec("echo one");
  job.run();
  job.exec("echo two");
  job.job.reset();
  std::filesystem::create_directory(job.options.log_directory);
  job.run();
  CHECK(await(job.loop, [&] { return contents(job.directory / "later/job.log") == "one\ntwo\n"; }));
}

TEST_CASE("output is kept up to a bound, and what is lost is told") {
  TestJob job;
  job.options.log_directory = job.directory / "later";
  job.exec("head -c 300000 /dev/zero");
  job.run();
  std::filesystem::create_directory(job.options.log_directory);
  job.processes->logs_writable();
  CHECK(std::filesystem::file_size(job.directory / "later/job.log") == LogFile::most_kept);
  REQUIRE(job.warnings.size() == 1);
  CHECK(job.warnings.front().contains(std::to_string(300000 - LogFile::most_kept) + " bytes"));
}

TEST_CASE("a full disk neither blocks nor ends the job, and what is kept is written when there is room") {
  TestJob job;
  std::string disk = job.directory / "disk";
  std::filesystem::create_directory(disk);
  SmallDisk small{disk};
  if (!small.mounted) {
    MESSAGE("skipped: no right to mount");
    return;
  }
  job.options.log_directory = disk;
  std::ofstream{disk + "/filler"} << std::string(40 * 1024, 'x');
  job.script("head -c 50000 /dev/zero | tr '\\0' 'a'\necho end\n");
  job.run();
  CHECK(WEXITSTATUS(job.events.ends[ProcessKind::main]) == 0);
  CHECK(std::filesystem::file_size(disk + "/job.log") < 50000);
  CHECK(job.warnings.size() == 1);
  std::filesystem::remove(disk + "/filler");
  CHECK(await(job.loop, [&] { return contents(disk + "/job.log") == std::string(50000, 'a') + "end\n"; }));
}

TEST_CASE("a job that writes without end does not keep the loop from other things") {
  TestJob job;
  job.exec("yes");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("ready"));
  base::Timer timer{job.loop, [] {}};
  auto longest = 0ms;
  for (int i = 0; i < 100; ++i) {
    bool expired = false;
    base::Timer soon{job.loop, [&] { expired = true; }};
    auto began = std::chrono::steady_clock::now();
    soon.start(1ms);
    while (!expired) job.loop.run_once();
    longest = std::max(longest,
                       std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began));
  }
  CHECK(longest < 500ms); // of a machine that others use, too
  job.job->signal(ProcessKind::main, SIGTERM);
  CHECK(job.await_told("main ended"));
  CHECK(std::filesystem::file_size(job.directory / "job.log") > 0);
}

// In a process of its own, which has a mount of terminals of its own.
TEST_CASE("where there are no more terminals a pipe does") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  pid_t pid = ::fork();
  if (pid == 0) {
    bool prepared = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                    ::mount("devpts", "/dev/pts", "devpts", 0, "newinstance,max=1,ptmxmode=0666") == 0 &&
                    ::mount("/dev/pts/ptmx", "/dev/ptmx", nullptr, MS_BIND, nullptr) == 0;
    if (!prepared) ::_exit(2);
    TestJob with_terminal, with_pipe;
    with_terminal.exec("sleep 1000");
    bool good = with_terminal.spawn().has_value();
    with_pipe.script("[ -t 1 ] || echo pipe\n(sleep 0.05; echo late) &\n");
    good = good && with_pipe.spawn().has_value() && with_pipe.await_told("main ended");
    good = good && await(with_pipe.loop, [&] { return with_pipe.log() == "pipe\nlate\n"; });
    with_terminal.job->signal(ProcessKind::main, SIGKILL);
    std::filesystem::remove_all(with_terminal.directory.path());
    std::filesystem::remove_all(with_pipe.directory.path());
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  if (WEXITSTATUS(status) == 2) MESSAGE("skipped: no right to mount");
  else CHECK(status == 0);
}

// Not run by default: process_test -ns -tc="200 MB*"
TEST_CASE("200 MB through a log take at most twice the time that cat takes through a terminal" * doctest::skip()) {
  Directory directory;
  std::string input = directory / "input";
  {
    std::ofstream file{input};
    std::string line = std::string(79, 'x') + "\n";
    for (int i = 0; i < 200 * 1024 * 1024 / 80; ++i) file << line;
  }
  auto time = [](const std::function<void()>& action) {
    auto began = std::chrono::steady_clock::now();
    action();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  double by_cat = time([&] {
    std::string command = "script -qfec 'stty -opost; cat " + input + "' /dev/null | cat > " + (directory / "copy");
    REQUIRE(std::system(command.c_str()) == 0);
  });
  TestJob job;
  job.exec("cat " + input);
  double by_log = time([&] {
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return job.events.has("main ended"); }, 300s));
  });
  CHECK(std::filesystem::file_size(job.directory / "job.log") == std::filesystem::file_size(input));
  MESSAGE("cat through a terminal: ", by_cat, " s; log: ", by_log, " s");
  CHECK(by_log <= 2 * by_cat);
}
