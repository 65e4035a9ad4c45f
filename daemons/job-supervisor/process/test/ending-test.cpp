// What ends with a job: all that its processes have started, each in its own time.
#include "daemons/job-supervisor/process/test/actors-fixture.hpp"

#include <set>

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

TEST_CASE(
    "the end of a process that was told to end is its end, whatever it has forked; its stray processes end before") {
  ActorsFixture fixture{false};
  Actor& graceful = fixture.add(Expect::fork, "fork end-on=15 fork-stay setsid note");
  REQUIRE(await(fixture.loop, [&] { return graceful.ready() && !graceful.noted().empty(); }));
  graceful.processes->signal(ProcessKind::main, SIGTERM);
  fixture.await_all(&Actor::ended);
  CHECK(graceful.events.told == Told{"main executed", "ready", "main ended"});
  CHECK(graceful.leaves_nothing());
}

TEST_CASE("main's end is told when all that it started has ended, each in its own time") {
  for (bool groups : {true, false}) {
    TestJob job;
    job.options.control_groups = groups;
    std::string note = job.directory / "wound-up";
    job.exec(actor + " fork-stay fork-stay wind-up=" + note + " note=" + (job.directory / "there"));
    auto pid = job.spawn();
    REQUIRE(await(job.loop, [&] { return !contents(job.directory / "there").empty(); }));
    job.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(job.await_told("main ended"));
    CHECK(contents(note) == contents(job.directory / "there"));
    CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGTERM);         // its own end, not that of the last
    CHECK(job.events.ready_pid == *pid);                                    // nothing was taken for main
    CHECK(std::to_string(job.events.left.back()) + "\n" == contents(note)); // it is told who is waited for
  }
}

TEST_CASE("a process that began a session is told to end, too, where there are control groups") {
  TestJob job;
  std::string note = job.directory / "wound-up";
  job.exec(actor + " fork-stay setsid wind-up=" + note + " note=" + (job.directory / "there"));
  REQUIRE(job.spawn());
  if (!job.processes->has_control_groups()) {
    MESSAGE("skipped: no control group can be made here");
    return;
  }
  REQUIRE(await(job.loop, [&] { return !contents(job.directory / "there").empty(); }));
  job.job->signal(ProcessKind::main, SIGTERM);
  REQUIRE(job.await_told("main ended"));
  CHECK(contents(note) == contents(job.directory / "there"));
}

TEST_CASE("a process that ignores the signal is killed with main, though main has ended long ago") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    Actor& deaf = fixture.add(Expect::none, "fork-stay ignore=15 fork-stay note");
    REQUIRE(await(fixture.loop, [&] { return !deaf.noted().empty(); }));
    deaf.processes->signal(ProcessKind::main, SIGTERM);
    REQUIRE(await(fixture.loop, [&] { return !exists(deaf.events.ready_pid); }));
    CHECK_FALSE(deaf.ended());
    deaf.processes->signal(ProcessKind::main, SIGKILL);
    fixture.await_all(&Actor::ended);
    fixture.await_all(&Actor::leaves_nothing);
  }
}

TEST_CASE("stray processes that were not told to end are told, and killed when their time is over") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    Actor& graceful = fixture.add(Expect::none, "fork-stay setsid wind-up=NOTE note");
    Actor& deaf = fixture.add(Expect::none, "fork-stay setsid ignore=15 note");
    REQUIRE(await(fixture.loop, [&] { return !graceful.noted().empty() && !deaf.noted().empty(); }));
    for (const auto& one : fixture.actors) one->processes->signal_process(ProcessKind::main, SIGKILL);
    fixture.await_all(&Actor::ended);
    for (const auto& one : fixture.actors) one->processes->end_strays(SIGTERM, 1s);
    CHECK(exists(graceful.noted().back()));
    fixture.await_all(&Actor::leaves_nothing);
    CHECK(graceful.noted().size() == 2); // it had its time
  }
}

TEST_CASE("a process in a session of its own is ended with the job, without control groups as with them") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    fixture.add(Expect::none, "note fork-stay setsid note");
    fixture.add(Expect::none, "note fork-stay fork setsid fork note");
    fixture.add(Expect::none, "note fork-stay setsid note fork-stay note");
    REQUIRE(await(fixture.loop, [&] {
      return std::ranges::all_of(fixture.actors, [](const auto& one) { return one->noted().size() >= 2; });
    }));
    fixture.stop_all();
  }
}

TEST_CASE("a process may be spawned after the stray processes were killed") {
  for (bool groups : {true, false}) {
    TestJob job;
    job.options.control_groups = groups;
    job.exec("sleep 1000");
    job.exec("true", ProcessKind::post_stop);
    REQUIRE(job.spawn());
    REQUIRE(job.await_told("ready"));
    job.job->kill_strays();
    REQUIRE(job.await_told("main ended"));
    REQUIRE(job.spawn(ProcessKind::post_stop));
    REQUIRE(job.await_told("post-stop ended"));
    CHECK(job.events.ends[ProcessKind::post_stop] == 0);
  }
}

TEST_CASE("a process that has cleared its environment is ended with its job where there are control groups") {
  ActorsFixture fixture;
  if (!fixture.all.has_control_groups()) {
    MESSAGE("skipped: no control group can be made here");
    return;
  }
  Actor& one = fixture.add(Expect::none, "fork-stay setsid forget fork note");
  REQUIRE(await(fixture.loop, [&] { return !one.noted().empty(); }));
  fixture.stop_all();
}

TEST_CASE("a process that was stopped sees the signal that ends it, as do others of its process group") {
  for (bool groups : {true, false}) {
    TestJob job;
    job.options.control_groups = groups;
    std::string note = job.directory / "note";
    job.exec(actor + " note=" + note + " fork-stay wind-up=" + note + " note=" + note);
    auto pid = job.spawn();
    REQUIRE(pid);
    REQUIRE(await(job.loop, [&] { return std::ranges::count(contents(note), '\n') == 2; }));
    ::kill(-*pid, SIGSTOP);
    REQUIRE(await(job.loop, [&] { return facts_of(*pid)->state == 'T'; }));
    job.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(job.await_told("main ended"));
    CHECK(std::ranges::count(contents(note), '\n') == 3); // it tidied up
  }
}

namespace {

// A job of three: main, one in its process group, one in a session of its own; all but main tidy up at SIGTERM.
struct Family {
  explicit Family(KillMode mode, bool groups) {
    job.options.control_groups = groups;
    job.job_class.kill_mode = mode;
    std::string there = job.directory / "there";
    job.script(actor + " wind-up=" + (job.directory / "group-ended") + " note=" + there + " &\n" + actor +
               " fork-stay setsid note=" + there + " &\nexec " + actor + " note=" + there + "\n");
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return std::ranges::count(contents(there), '\n') == 3; }));
    std::istringstream text{contents(there)};
    pids = {std::istream_iterator<pid_t>{text}, {}};
    for (pid_t pid : pids) process_groups.insert(::getpgid(pid));
  }
  // By groups: the parent of the one that made a session waits for it, and has told no process id.
  ~Family() {
    for (pid_t group : process_groups)
      if (group > 1) ::kill(-group, SIGKILL);
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  void stop() {
    job.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(job.await_told("main ended"));
    job.job->kill_strays();
  }
  [[nodiscard]] long living() const { return std::ranges::count_if(pids, exists); }

  TestJob job;
  std::vector<pid_t> pids;
  std::set<pid_t> process_groups;
};

} // namespace

TEST_CASE("kill mode all ends all that main has started") {
  for (bool groups : {true, false}) {
    Family family{KillMode::all, groups};
    family.stop();
    CHECK(await(family.job.loop, [&] { return family.living() == 0; }));
    for (const auto& warning : family.job.warnings) FAIL_CHECK(warning);
  }
}

TEST_CASE("kill mode group ends main's process group, each in its own time, and tells what goes on") {
  for (bool groups : {true, false}) {
    Family family{KillMode::group, groups};
    family.stop();
    CHECK(family.living() == 1);
    CHECK_FALSE(contents(family.job.directory / "group-ended").empty());
    REQUIRE(family.job.warnings.size() == 1);
    CHECK(family.job.warnings[0].ends_with("go on after the stop (kill mode group)"));
  }
}

TEST_CASE("kill mode process ends main alone, and tells what goes on") {
  for (bool groups : {true, false}) {
    Family family{KillMode::process, groups};
    family.stop();
    CHECK(family.living() == 2);
    REQUIRE(family.job.warnings.size() == 1);
    CHECK(family.job.warnings[0].ends_with("go on after the stop (kill mode process)"));
  }
}

TEST_CASE("a login session that a daemon opened goes on after its stop, and is told") {
  for (bool groups : {true, false}) {
    TestJob job;
    job.options.control_groups = groups;
    std::string login = job.directory / "login", other = job.directory / "other";
    job.script(actor + " setsid terminal fork-stay note=" + login + " &\n" + actor + " fork-stay setsid note=" + other +
               " &\nexec " + actor + "\n");
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return contents(login).ends_with("\n") && contents(other).ends_with("\n"); }));
    job.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(job.await_told("main ended"));
    job.job->kill_strays();
    CHECK(await(job.loop, [&] { return !exists(std::stoi(contents(other))); }));
    pid_t survivor = std::stoi(contents(login));
    CHECK(exists(survivor));
    REQUIRE(job.warnings.size() == 1);
    CHECK(job.warnings[0].contains(std::to_string(facts_of(survivor)->session)));
    CHECK(job.warnings[0].ends_with("go on after the stop (login sessions)"));
    ::kill(-facts_of(survivor)->session, SIGKILL);
  }
}

TEST_CASE("whoever has begun to fork when the job is stopped is ended with what it forks") {
  for (bool groups : {true, false}) {
    TestJob job;
    job.options.control_groups = groups;
    std::string note = job.directory / "note";
    job.script("for i in 1 2 3 4 5 6 7 8 9; do " + actor + " setsid fork-stay fork setsid fork-stay note=" + note +
               " & done\nwait\n");
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return !contents(note).empty(); })); // the others are on their way
    job.job->signal(ProcessKind::main, SIGKILL);
    REQUIRE(job.await_told("main ended"));
    std::istringstream text{contents(note)};
    std::vector<pid_t> pids{std::istream_iterator<pid_t>{text}, {}};
    CHECK(std::ranges::none_of(pids, exists));
    std::string before = contents(note);
    job.loop.run_once(false);
    CHECK(contents(note) == before);
  }
}

TEST_CASE("processes that one leaves behind when it ends by itself are told of") {
  struct Leaving {
    std::string words;
    std::string told; // after the process id
    Expect expect = Expect::none;
    bool task = false;
    ProcessKind kind = ProcessKind::main;
  };
  const std::string unsupervised = "), which nobody supervises";
  for (const Leaving& one :
       {Leaving{"fork-fail setsid", unsupervised},
        Leaving{.words = "fork-fail setsid", .told = unsupervised, .kind = ProcessKind::pre_start},
        Leaving{.words = "fork setsid", .told = unsupervised, .task = true},
        Leaving{"fork",
                unsupervised + ": a program that goes to the background wants `expect fork' or `expect daemon'"},
        Leaving{"fork setsid stop",
                unsupervised + ": the main process itself has to raise SIGSTOP (`expect stop'); one that goes to the "
                               "background wants `expect fork' or `expect daemon'",
                Expect::stop}})
    for (bool groups : {true, false}) {
      CAPTURE(one.words);
      TestJob job;
      job.options.control_groups = groups;
      job.job_class.expect = one.expect;
      job.job_class.task = one.task;
      job.exec(actor + " " + one.words, one.kind);
      REQUIRE(job.spawn(one.kind));
      REQUIRE(job.await_told(Recorder::name(one.kind) + " ended"));
      REQUIRE(await(job.loop, [&] { return !job.warnings.empty(); }));
      CHECK(job.warnings[0].starts_with("job " + Recorder::name(one.kind) + " process: ended "));
      CHECK(job.warnings[0].contains(" left 1 process behind ("));
      CHECK(job.warnings[0].ends_with(one.told));
    }
}

TEST_CASE("a process that was left behind is told of once, whoever ends later") {
  for (bool groups : {true, false}) {
    TestJob job;
    job.options.control_groups = groups;
    job.exec(actor + " fork-fail setsid note=" + (job.directory / "left"));
    for (std::size_t round = 1; round <= 2; ++round) {
      job.events.told.clear();
      REQUIRE(job.spawn());
      REQUIRE(job.await_told("main ended"));
      REQUIRE(await(job.loop, [&] { return job.warnings.size() == round; }));
      std::string left = contents(job.directory / "left"); // one line for each
      auto last = left.substr(left.rfind('\n', left.size() - 2) + 1);
      CHECK(job.warnings.back() == "job main process: ended and left 1 process behind (" +
                                       last.substr(0, last.size() - 1) + "), which nobody supervises");
    }
  }
}

TEST_CASE("processes that end in a moment, or that are ended with their job, are not told of as left behind") {
  auto stays_silent = [](TestJob& job) { return !await(job.loop, [&] { return !job.warnings.empty(); }, 800ms); };
  for (bool groups : {true, false}) {
    TestJob brief, ended, told_to_end;
    brief.options.control_groups = ended.options.control_groups = told_to_end.options.control_groups = groups;
    brief.script("sleep 0.1 &\nexit 1\n");
    brief.run();
    CHECK(stays_silent(brief));
    ended.exec(actor + " fork-fail setsid ignore=15");
    ended.run();
    ended.job->end_strays(SIGTERM, 5s);
    CHECK(stays_silent(ended));
    told_to_end.exec(actor + " fork-stay setsid note=" + (told_to_end.directory / "there"));
    REQUIRE(told_to_end.spawn());
    REQUIRE(await(told_to_end.loop, [&] { return !contents(told_to_end.directory / "there").empty(); }));
    told_to_end.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(told_to_end.await_told("main ended"));
    CHECK(stays_silent(told_to_end));
  }
}
