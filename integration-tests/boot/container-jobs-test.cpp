// The jobs of a container: what they are given, and where what they print goes.
#include "integration-tests/boot/container.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <algorithm>
#include <csignal>

using namespace upstart::test;

TEST_CASE("output of jobs with console output is the container's own, also after a restart of the supervisor") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{container(
      {{"talker",
        "start on startup or again\ntask\nconsole output\ninstance $N\nenv N=1\n"
        "script\n  echo \"out $N\"\n  echo \"err $N\" >&2\n  readlink /proc/self/fd/0 | sed 's/^/in: /'\nend script\n"},
       {"svc", service}},
      {"--container"})};
  await_service(machine);
  machine.await("both are there", [&] {
    return machine.console().contains("out 1") && machine.console().contains("err 1") &&
           machine.console().contains("in: /dev/null");
  });
  auto before = machine.daemon("upstart-job-supervisor");
  REQUIRE(before > 0);
  CHECK(machine.shell("kill -KILL " + std::to_string(before)).status == 0);
  machine.await("another supervisor answers", [&] {
    auto now = machine.daemon("upstart-job-supervisor");
    return now > 0 && now != before && !machine.main_process("svc").empty();
  });
  CHECK(machine.initctl({"emit", "again", "N=2"}).status == 0);
  machine.await("the second one is there, too",
                [&] { return machine.console().contains("out 2") && machine.console().contains("err 2"); });
}

TEST_CASE("a container without any capability runs its jobs, and says what one that wants another user lacks") {
  SKIP_WITHOUT_MACHINES();
  auto options =
      container({{"svc", service}, {"other", "start on startup\nconsole none\nsetuid nobody\nexec sleep 1000\n"}},
                {"--container", "--no-dbus"});
  options.inside = [] {
    if (!enclose()) return false;
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
      if (::prctl(PR_CAPBSET_DROP, capability) < 0) return false;
    return true;
  };
  options.files["/etc/passwd"] = "root::0:0:root:/root:/bin/sh\nupstart-bridge:x:971:972::/:/usr/sbin/nologin\n"
                                 "nobody:*:65534:65534:nobody:/:/usr/sbin/nologin\n";
  Machine machine{options};
  await_service(machine);
  machine.await("it is said why the other does not run", [&] {
    return machine.console().contains("Failed to spawn other main process: unable to set supplementary groups");
  });
  CHECK_FALSE(machine.console().contains("account of bridges"));
}

TEST_CASE("with --log-to-stdout each line of a job is on the container's standard output with the job's name, and with "
          "--no-log nowhere else, also after a restart of the supervisor") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{container(
      {{"web", "start on startup or again\ntask\ninstance $N\nenv N=1\n"
               "script\n  printf 'begun '; echo \"line $N\"; echo error >&2; printf 'no newline'\nend script\n"},
       {"own", "start on startup\ntask\nconsole output\nexec echo from own\n"},
       {"slow", "start on startup\nscript\n  echo asleep\n  while [ ! -e /run/go ]; do sleep 0.1; done\n"
                "  echo awake\n  exec sleep 1000\nend script\n"}},
      {"--container", "--log-to-stdout", "--no-log"})};
  auto await_lines = [&](const char* what, std::initializer_list<const char*> lines) {
    machine.await(what, [&] {
      return std::ranges::all_of(lines, [&](const char* line) { return machine.console().contains(line); });
    });
  };
  await_lines("what the jobs print", {"web (1): begun line 1\n", "web (1): error\n", "web (1): no newline\n",
                                      "own: from own\n", "slow: asleep\n"});
  auto before = machine.daemon("upstart-job-supervisor");
  REQUIRE(before > 0);
  CHECK(machine.shell("kill -KILL " + std::to_string(before) + " && touch /run/go").status == 0);
  await_lines("what a job prints to the next supervisor", {"slow: awake\n"});
  machine.await_answers();
  CHECK(machine.initctl({"emit", "again", "N=2"}).status == 0);
  await_lines("what a job of the next supervisor prints", {"web (2): begun line 2\n"});
  CHECK(machine.shell("ls -A /var/log/upstart").out.empty());
}

TEST_CASE("jobs of a container have its environment, unless it is not to be inherited") {
  SKIP_WITHOUT_MACHINES();
  std::map<std::string, std::string> jobs{
      {"told", "start on startup\nconsole output\nenv OWN=job\n"
               "exec echo \"<$SETTING> <$OWN> <$NOTIFY_SOCKET$LISTEN_FDS$WATCHDOG_USEC>\"\n"}};
  auto options = container(jobs, {"--container"});
  options.environment.merge(std::map<std::string, std::string>{{"SETTING", "of the container"}, {"OWN", "container"}});
  Machine machine{options};
  machine.await("the job has said what it has",
                [&] { return machine.console().contains("<of the container> <job> <>"); });
  options.init_options.emplace_back("--no-inherit-env");
  Machine without{options};
  without.await("the job has said what it has", [&] { return without.console().contains("<> <job> <>"); });
}

TEST_CASE("a container ends with the job that it was given, and with the status of its failure, in order") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{
      container({{"svc", "start on startup\nconsole output\nexec sleep 1000\npost-stop exec echo svc was stopped\n"},
                 {"sh", "console output\nscript\n  echo \"job says $WORD\"\n  exit $STATUS\nend script\n"}},
                {"--container", "--", "sh", "WORD=hello", "STATUS=7"})};
  auto status = machine.await_down();
  REQUIRE(status);
  REQUIRE(WIFEXITED(*status));
  CHECK(WEXITSTATUS(*status) == 7);
  CHECK(machine.console().contains("job says hello"));
  CHECK(machine.console().contains("svc was stopped"));
}

TEST_CASE("a container outlives a supervisor that dies, and ends with its job; a command is told by its path, or by "
          "what follows it") {
  SKIP_WITHOUT_MACHINES();
  std::map<std::string, std::string> jobs{
      {"true",
       "console output\nscript\n  echo begun\n  trap 'exit 9' USR1\n  while :; do sleep 0.1; done\nend script\n"}};
  SUBCASE("a job") {
    Machine machine{container(jobs, {"--container", "--", "true"})};
    machine.await("the job runs", [&] { return machine.console().contains("begun"); });
    auto before = machine.daemon("upstart-job-supervisor");
    REQUIRE(before > 0);
    CHECK(machine.shell("kill -KILL " + std::to_string(before)).status == 0);
    machine.await("another supervisor answers", [&] {
      auto now = machine.daemon("upstart-job-supervisor");
      return now > 0 && now != before && !machine.main_process("true").empty();
    });
    CHECK(machine.shell("kill -USR1 " + machine.main_process("true")).status == 0);
    auto status = machine.await_down();
    REQUIRE(status);
    CHECK(WEXITSTATUS(*status) == 9);
    auto first = machine.console().find("begun");
    CHECK(machine.console().find("begun", first + 1) == std::string::npos);
  }
  SUBCASE("a path") {
    Machine machine{container(jobs, {"--container", "--", "/usr/bin/true"})};
    auto status = machine.await_down();
    REQUIRE(status);
    CHECK(*status == 0);
  }
  SUBCASE("a name with words that are no variables") {
    Machine machine{container(jobs, {"--container", "--", "true", "--now=1"})};
    auto status = machine.await_down();
    REQUIRE(status);
    CHECK(*status == 0);
  }
}

TEST_CASE("a container whose job cannot be started ends with status 1 and says why; TERM ends one with its job, and "
          "status 0") {
  SKIP_WITHOUT_MACHINES();
  SUBCASE("a file that is no job") {
    Machine machine{container({{"main", "exec\n"}}, {"--container", "--", "main"})};
    auto status = machine.await_down();
    REQUIRE(status);
    REQUIRE(WIFEXITED(*status));
    CHECK(WEXITSTATUS(*status) == 1);
    CHECK(machine.console().contains("main: the container was to run this job: its file cannot be read as a job"));
  }
  SUBCASE("TERM") {
    Machine machine{container({{"main", "console output\nscript\n  echo begun\n  exec sleep 1000\nend script\n"}},
                              {"--container", "--", "main"})};
    machine.await("the job runs", [&] { return machine.console().contains("begun"); });
    machine.signal(SIGTERM);
    auto status = machine.await_down();
    REQUIRE(status);
    CHECK(*status == 0);
  }
}
