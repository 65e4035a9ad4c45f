// A machine boots, runs its jobs, and goes down.
#include "integration-tests/boot/machine.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <sys/reboot.h>
#include <sys/wait.h>

#include <csignal>

using namespace upstart::test;

TEST_CASE("a machine boots, its jobs run, and it goes down by the reboot call") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"once", "start on startup\ntask\nexec sh -c 'echo once >>/ran'\n"},
                            {"after", "start on stopped once\ntask\nexec sh -c 'echo after >>/ran'\n"},
                            {"svc", "start on startup\nexec sleep 1000\n"}}}};
  machine.await_text("/ran", "once\nafter\n");
  machine.await_answers();
  CHECK(machine.initctl({"version"}).out.starts_with("init (upstart "));
  CHECK(machine.initctl({"status", "svc"}).out.starts_with("svc start/running, process "));
  CHECK(machine.shell("cat /proc/1/comm").out == "init\n");
  SUBCASE("restart") {
    machine.reboot(RB_AUTOBOOT);
    auto status = machine.await_down();
    REQUIRE(status);
    CHECK(WTERMSIG(*status) == SIGHUP);
  }
  SUBCASE("power off") {
    machine.reboot(RB_POWER_OFF);
    auto status = machine.await_down();
    REQUIRE(status);
    CHECK(WTERMSIG(*status) == SIGINT);
  }
  CHECK_FALSE(machine.is_up());
}
