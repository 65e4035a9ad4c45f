// init as process 1 of a container: it may not mount anything, and has only a /run to write to.
#include "integration-tests/boot/container.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <csignal>

using namespace upstart::test;

TEST_CASE("process 1 without the right to mount is a container's by itself, and TERM ends it in order with status 0") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{container(
      {{"svc", service},
       {"last",
        "start on session-end\ntask\nconsole none\nexec sh -c 'echo $TYPE >/run/last; cat /run/last >/dev/kmsg'\n"}},
      {})};
  await_service(machine);
  machine.signal(SIGTERM);
  auto status = machine.await_down();
  REQUIRE(status);
  REQUIRE(WIFEXITED(*status));
  CHECK(WEXITSTATUS(*status) == 0);
  CHECK(machine.kernel_log().contains("shutdown"));
}

TEST_CASE("a container ends with its command, and with its status") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{container({{"svc", service}}, {"--container", "--", "sh", "-c", "echo from the command; exit 7"})};
  auto status = machine.await_down();
  REQUIRE(status);
  REQUIRE(WIFEXITED(*status));
  CHECK(WEXITSTATUS(*status) == 7);
  CHECK(machine.console().contains("from the command"));
}

TEST_CASE("init of a container is executed anew and still ends with its command") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{container({{"svc", service}}, {"--container", "--", "sh", "-c",
                                                 "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done"})};
  machine.await("the command runs", [&] { return machine.console().contains("ready"); });
  await_service(machine);
  CHECK(machine
            .run({"dbus-send", "--peer=unix:abstract=/com/ubuntu/upstart", "--print-reply", "/com/ubuntu/Upstart",
                  "com.ubuntu.Upstart0_6.Restart"})
            .status == 0);
  machine.await("init was executed anew", [&] {
    auto text = machine.console();
    auto killed = text.find("killing upstart-job-supervisor");
    return killed != std::string::npos && text.find(") started again", killed) != std::string::npos;
  });
  await_service(machine);
  machine.signal(SIGTERM);
  auto status = machine.await_down(std::chrono::seconds{10});
  REQUIRE(status);
  REQUIRE(WIFEXITED(*status));
  CHECK(WEXITSTATUS(*status) == 5);
}

TEST_CASE("TERM reaches the command, whose status the container has; what heeds nothing is gone within ten seconds") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{
      container({{"svc", service},
                 {"deaf", "start on startup\nconsole none\nkill timeout 60\n"
                          "exec sh -c \"trap '' TERM; while :; do sleep 1; done\"\n"}},
                {"--container", "--", "sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done"})};
  machine.await("the command runs", [&] { return machine.console().contains("ready"); });
  await_service(machine);
  machine.signal(SIGTERM);
  auto status = machine.await_down(std::chrono::seconds{10});
  REQUIRE(status);
  REQUIRE(WIFEXITED(*status));
  CHECK(WEXITSTATUS(*status) == 5);
}
