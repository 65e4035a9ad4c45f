// A process from its spawn to its end, as the engine sees it.
#include "daemons/base/processes/lasting-descriptor.hpp"
#include "daemons/base/program/oom-score.hpp"
#include "daemons/job-supervisor/process/test/actors-fixture.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <spawn.h>
#include <sys/resource.h>

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

TEST_CASE("a process that runs and ends is told as executed, ready and ended, in this order") {
  TestJob job;
  job.exec("true");
  job.run();
  CHECK(job.events.told == Told{"main executed", "ready", "main ended"});
  CHECK(job.events.ends[ProcessKind::main] == 0);
}

TEST_CASE("nothing is told from within spawn") {
  TestJob job;
  job.exec("true");
  REQUIRE(job.spawn());
  CHECK(job.events.told.empty());
  CHECK(job.await_told("main ended"));
}

TEST_CASE("only the main process is told ready") {
  TestJob job;
  job.exec("true", ProcessKind::pre_start);
  REQUIRE(job.spawn(ProcessKind::pre_start));
  REQUIRE(job.await_told("pre-start ended"));
  CHECK(job.events.told == Told{"pre-start executed", "pre-start ended"});
}

TEST_CASE("the wait status tells the exit status or the signal") {
  TestJob job;
  job.script("exit 7");
  job.run();
  CHECK(WEXITSTATUS(job.events.ends[ProcessKind::main]) == 7);
  TestJob killed;
  killed.script("kill -TERM $$");
  killed.run();
  CHECK(WTERMSIG(killed.events.ends[ProcessKind::main]) == SIGTERM);
}

TEST_CASE("what cannot be executed is told with the reason, and has no end") {
  TestJob job;
  job.exec("/no/such/binary");
  CHECK(job.refusal() == "unable to execute: No such file or directory (/no/such/binary)");
  CHECK(job.events.told == Told{"main not executed"});
}

TEST_CASE("a program that is not on PATH, and one that may not be executed") {
  TestJob missing;
  missing.exec("no-such-program-anywhere");
  CHECK(missing.refusal() == "unable to execute: No such file or directory (no-such-program-anywhere, which is in no "
                             "directory of PATH)");
  TestJob forbidden;
  std::ofstream{forbidden.directory / "plain"} << "x";
  auto plain = forbidden.directory / "plain";
  forbidden.exec(plain);
  CHECK(forbidden.refusal() == "unable to execute: Permission denied (" + plain + ")");
}

TEST_CASE("a file without an interpreter line is run by the shell") {
  TestJob job;
  std::string file = job.directory / "script";
  std::ofstream{file} << "echo from $0 $1\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  job.exec(file + " arg");
  CHECK(job.run() == "from " + file + " arg\n");
}

TEST_CASE("a longer script stops at its first error and sees no descriptor of its own making") {
  TestJob job;
  job.script("echo \"args: $0 $@ $#\"\nls /proc/self/fd | tr '\\n' ' '\necho\nfalse\necho not reached\n");
  std::string log = job.run();
  CHECK(log.starts_with("args: /proc/self/fd/9  0\n"));
  CHECK(log.find("not reached") == log.npos);
  CHECK(log.find(" 9 ") == log.npos);
  CHECK(WEXITSTATUS(job.events.ends[ProcessKind::main]) == 1);
}

TEST_CASE("a script far longer than a pipe holds is run whole") {
  TestJob job;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += ": line of no effect\n";
  job.script(text + "echo end\n");
  CHECK(job.run() == "end\n");
}

TEST_CASE("line numbers in the shell's messages are those of the script") {
  TestJob job;
  job.script("true\nno-such-command\n");
  CHECK(job.run().find(": 2: ") != std::string::npos);
}

TEST_CASE("the environment is the request's and nothing else") {
  TestJob job;
  job.exec("/usr/bin/env");
  job.request.environment = {"B=2", "A=x y", "PATH=/bin"};
  CHECK(job.run() == "B=2\nA=x y\nPATH=/bin\n");
}

TEST_CASE("a process leads a session of its own, with no signal ignored or blocked") {
  TestJob job;
  auto before = std::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked, old;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR2);
  ::sigprocmask(SIG_BLOCK, &blocked, &old);
  job.script("cut -d' ' -f1,5,6 /proc/$$/stat\ngrep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status\n");
  std::string log = job.run();
  ::sigprocmask(SIG_SETMASK, &old, nullptr);
  std::signal(SIGPIPE, before);
  INFO(log);
  int pid = 0, group = 0, session = 0;
  REQUIRE(std::sscanf(log.c_str(), "%d %d %d", &pid, &group, &session) == 3);
  CHECK(pid == group);
  CHECK(pid == session);
  CHECK(log.find("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n") != log.npos);
}

TEST_CASE("a process has no descriptor but its own") {
  for (bool separate_memory : {false, true}) {
    TestJob job;
    if (separate_memory) job.job_class.nice = 0;
    base::FileDescriptor careless{::open("/dev/null", O_RDONLY)}; // not close-on-exec
    job.exec("ls -l /proc/self/fd");
    std::string log = job.run();
    CHECK(log.find(" 0 -> /dev/null\n") != log.npos);
    CHECK(log.find(" 1 -> /dev/pts/") != log.npos);
    CHECK(log.find(" 2 -> /dev/pts/") != log.npos);
    CHECK(std::ranges::count(log, '\n') == 5); // total, three, and the directory that ls reads
  }
}

TEST_CASE("a supervisor with more descriptors than a job may have spawns all the same") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  for (bool separate_memory : {false, true}) {
    rlimit lowered{64, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
    TestJob job;
    job.processes = std::make_unique<RealProcesses>(job.loop, job.options);
    std::vector<base::FileDescriptor> many;
    for (int i = 0; i < 200; ++i) many.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    REQUIRE(many.back());
    if (separate_memory) job.job_class.oom_score_adjustment = 300;
    job.script("ulimit -n; cat /proc/self/oom_score_adj\ngrep -c . /proc/self/status > /dev/null\n");
    CHECK(job.run().starts_with("64\n" + std::string{separate_memory ? "300\n" : ""}));
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("a job begins without a copy of the descriptors that are kept for other jobs") {
  base::FileDescriptor opened{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  auto lasting = base::out_of_the_way(std::move(opened));
  REQUIRE(lasting.get() >= base::first_lasting_descriptor);
  TestJob job;
  // The kernel never makes a table smaller: it tells what was copied, too.
  job.script("while read name size; do [ $name = FDSize: ] && echo $size; done < /proc/$$/status");
  CHECK(job.run() == "64\n");
  CHECK(::fcntl(lasting.get(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("a job is not spared by the OOM killer where the supervisor is") {
  auto own_score = [] {
    std::ifstream file{"/proc/self/oom_score_adj"};
    int score = 0;
    file >> score;
    return score;
  };
  int before = own_score();
  base::avoid_oom_killer();
  if (own_score() == before) return; // not permitted
  for (bool separate_memory : {false, true}) {
    CAPTURE(separate_memory);
    TestJob job;
    if (separate_memory) job.job_class.nice = 0;
    job.script("until grep -qx -- '" + std::to_string(before) + "' /proc/$$/oom_score_adj; do :; done; echo ordinary");
    CHECK(job.run() == "ordinary\n");
    CHECK(own_score() != before);
  }
  std::ofstream{"/proc/self/oom_score_adj"} << before;
}

TEST_CASE("files become descriptors from 3 up, told in the variables of both conventions") {
  TestJob job;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  job.request.files = {std::make_shared<const base::FileDescriptor>(ends[0]),
                       std::make_shared<const base::FileDescriptor>(ends[1])};
  job.request.file_names = {"first"};
  job.script("echo through >&4\nread line <&3\necho $line\necho $UPSTART_FDS, $LISTEN_FDS, $LISTEN_FDNAMES, "
             "$((LISTEN_PID - $$))\n");
  CHECK(job.run() == "through\n3 4, 2, first:unknown, 0\n");
}

TEST_CASE("more files than leave room for the script's descriptor") {
  TestJob job;
  for (int i = 0; i < 9; ++i)
    job.request.files.push_back(std::make_shared<const base::FileDescriptor>(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  job.script("echo $UPSTART_FDS\n:\n");
  CHECK(job.run() == "3 4 5 6 7 8 9 10 11\n");
}

TEST_CASE("event values are positional parameters") {
  TestJob job;
  job.request.parameters = {"one", "two words"};
  job.script("echo $#: $2\n:\n");
  CHECK(job.run() == "2: two words\n");
}

TEST_CASE("a signal reaches the whole process group") {
  TestJob job;
  job.script("sleep 1000 &\necho $! > " + (job.directory / "pid") + "\nwait\n");
  REQUIRE(job.spawn());
  REQUIRE(await(job.loop, [&] { return contents(job.directory / "pid").ends_with("\n"); }));
  pid_t child = std::stoi(contents(job.directory / "pid"));
  job.job->signal(ProcessKind::main, SIGTERM);
  REQUIRE(job.await_told("main ended"));
  CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGTERM);
  CHECK(await(job.loop, [&] { return ::kill(child, 0) < 0; }));
}

TEST_CASE("a signal for the process alone leaves its group in peace") {
  TestJob job;
  job.script("trap 'exit 3' HUP\nsleep 1000 &\necho $! > " + (job.directory / "pid") + "\nwait\n");
  REQUIRE(job.spawn());
  REQUIRE(await(job.loop, [&] { return contents(job.directory / "pid").ends_with("\n"); }));
  pid_t child = std::stoi(contents(job.directory / "pid"));
  job.job->signal_process(ProcessKind::main, SIGHUP);
  REQUIRE(job.await_told("main ended"));
  CHECK(WEXITSTATUS(job.events.ends[ProcessKind::main]) == 3);
  CHECK(::kill(child, SIGKILL) == 0);
}

TEST_CASE("an instance may be forgotten while it is told of an end, and while its process runs") {
  TestJob job;
  job.exec("true");
  job.events.on_ended = [&] { job.job.reset(); };
  job.run();
  CHECK(job.job == nullptr);
  job.exec("sleep 1000");
  auto pid = job.spawn();
  REQUIRE(pid);
  job.job.reset();
  job.loop.run_once(false);
  ::kill(*pid, SIGKILL);
  CHECK(await(job.loop, [&] { return ::kill(*pid, 0) < 0; })); // and is reaped all the same
}

TEST_CASE("orphans are reaped") {
  TestJob job;
  std::string pid_file = job.directory / "pid";
  job.script("(sh -c 'echo $$ > " + pid_file + "; exec sleep 0.05' &)\n:\n");
  job.run();
  REQUIRE(await(job.loop, [&] { return contents(pid_file).ends_with("\n"); }));
  pid_t orphan = std::stoi(contents(pid_file));
  CHECK(await(job.loop, [&] { return ::kill(orphan, 0) < 0; }));
}

TEST_CASE("a thousand processes, and no descriptor is left over") {
  TestJob job;
  job.exec("true");
  job.run();
  auto descriptors = [] { return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}); };
  auto before = descriptors();
  for (int i = 0; i < 1000; ++i) {
    job.events.told.clear();
    job.exec(i % 10 == 0 ? "/no/such/program" : "true");
    job.job.reset();
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return job.events.has("main ended") || job.events.has("main not executed"); }));
  }
  CHECK(descriptors() == before);
}

// Not run by default: process_test -ns -tc="1000 processes*"
TEST_CASE("1000 processes beside a loop of posix_spawn" * doctest::skip()) {
  constexpr int count = 1000;
  // By the clock, and of the processor.
  struct Spent {
    double clock, processor;
  };
  auto spent = [](const std::function<void()>& action) -> Spent {
    auto processor = [] {
      rusage usage{};
      ::getrusage(RUSAGE_SELF, &usage);
      return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
             static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    };
    auto began = std::chrono::steady_clock::now();
    double before = processor();
    action();
    return {std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count(),
            processor() - before};
  };
  char program[] = "/bin/sleep", argument[] = "1000";
  char* arguments[] = {program, argument, nullptr};
  std::vector<pid_t> pids(count);
  Spent bare = spent([&] {
    for (pid_t& pid : pids) ::posix_spawn(&pid, program, nullptr, nullptr, arguments, nullptr);
  });
  for (pid_t pid : pids) ::kill(pid, SIGKILL);
  for (pid_t pid : pids) ::waitpid(pid, nullptr, 0);
  for (bool groups : {false, true})
    for (Console console : {Console::none, Console::log}) {
      TestJob all;
      all.options.control_groups = groups;
      all.job_class.console = console;
      all.exec("/bin/sleep 1000");
      all.processes = std::make_unique<RealProcesses>(all.loop, all.options);
      std::vector<std::unique_ptr<Recorder>> events;
      std::vector<std::unique_ptr<JobProcesses>> jobs;
      auto job_class = std::make_shared<JobClass>(all.job_class);
      for (int i = 0; i < count; ++i) {
        events.push_back(std::make_unique<Recorder>());
        jobs.push_back(all.processes->open(job_class, std::to_string(i), *events.back()));
      }
      Spent spawned = spent([&] {
        for (auto& job : jobs) REQUIRE(job->spawn(all.request));
      });
      REQUIRE(await(all.loop,
                    [&] { return std::ranges::all_of(events, [](const auto& one) { return one->has("ready"); }); }));
      MESSAGE("posix_spawn ", bare.clock, " ms (processor ", bare.processor, "); control groups ", groups, ", log ",
              console == Console::log, ": ", spawned.clock, " ms (processor ", spawned.processor, ")");
      for (auto& job : jobs) job->kill_strays();
      REQUIRE(await(all.loop, [&] {
        return std::ranges::all_of(events, [](const auto& one) { return one->has("main ended"); });
      }));
    }
}

TEST_CASE("a program that opens slowly keeps nobody waiting, and is executed in the end") {
  TestJob job;
  std::string program = job.directory / "slow";
  std::filesystem::copy_file("/bin/false", program);
  base::FileDescriptor holder{::open(program.c_str(), O_RDONLY | O_CLOEXEC)};
  // Whoever opens the file now waits until the lease is given up.
  if (::fcntl(holder.get(), F_SETLEASE, F_WRLCK) < 0) {
    MESSAGE("skipped: no lease can be had on a file here");
    return;
  }
  ::signal(SIGIO, SIG_IGN);
  job.exec(program);
  auto before = std::chrono::steady_clock::now();
  auto pid = job.spawn();
  CHECK(std::chrono::steady_clock::now() - before < 1s);
  REQUIRE(pid);
  CHECK_FALSE(await(job.loop, [&] { return !job.events.told.empty(); }, 200ms));
  // Another one is not held up by it.
  TestJob other;
  other.exec(actor + " exit=0");
  CHECK(other.run().empty());
  CHECK(job.events.told.empty());
  ::fcntl(holder.get(), F_SETLEASE, F_UNLCK);
  REQUIRE(job.await_told("main ended"));
  CHECK(job.events.told == Told{"main executed", "ready", "main ended"});
  CHECK(job.events.ends[ProcessKind::main] == W_EXITCODE(1, 0));
}

TEST_CASE("a program that opens slowly can be stopped") {
  TestJob job;
  std::string program = job.directory / "slow";
  std::filesystem::copy_file("/bin/false", program);
  base::FileDescriptor holder{::open(program.c_str(), O_RDONLY | O_CLOEXEC)};
  if (::fcntl(holder.get(), F_SETLEASE, F_WRLCK) < 0) return;
  job.exec(program);
  REQUIRE(job.spawn());
  job.job->signal(ProcessKind::main, SIGKILL);
  REQUIRE(job.await_told("main ended"));
  CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGKILL);
}
