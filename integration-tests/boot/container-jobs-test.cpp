// The jobs of a container: what they are given, and where what they print goes.
#include "integration-tests/boot/container.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

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
