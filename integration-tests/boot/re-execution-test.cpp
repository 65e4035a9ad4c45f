// init executes its program anew, and nobody notices.
#include "integration-tests/boot/machine.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>

using namespace upstart::test;
namespace fs = std::filesystem;

namespace {

constexpr int services = 200;
constexpr int callers = 100;
constexpr const char* waits_at_gate = "instance $N\nconsole none\npre-start exec sh -c 'read x </gate; true'\n"
                                      "exec sleep 1000\n";

const std::string waits_for_connection =
    "'initctl: the connection to Upstart was lost; it is tried again for 30 seconds'";

std::map<std::string, std::string> many_services() {
  std::map<std::string, std::string> jobs{{"waits", waits_at_gate}};
  for (int i = 0; i < services; ++i)
    jobs["svc" + std::to_string(i)] = "start on startup\nconsole none\nexec sleep 1000\n";
  return jobs;
}

void await_services(Machine& machine) {
  machine.await_answers();
  machine.await("all services run", [&] {
    return machine.shell("initctl list | grep -c '^svc.* start/running, process'").out ==
           std::to_string(services) + "\n";
  });
}

// With the process of each.
std::string running(const Machine& machine) { return machine.shell("initctl list | grep ^svc | sort").out; }

// Puts another program in the place of init's, as a package does.
void install_as_init(const Machine& machine, const std::string& program) {
  auto target = machine.root() + "/upstart/init";
  fs::copy_file(program, target + ".new");
  fs::rename(target + ".new", target);
}

std::string version_of_process_1(const Machine& machine) { return machine.run({"/proc/1/exe", "--version"}).out; }

struct Daemons {
  explicit Daemons(const Machine& machine)
      : broker{machine.daemon("upstart-event-broker")}, supervisor{machine.daemon("upstart-job-supervisor")} {}
  [[nodiscard]] bool all_there() const { return broker != 0 && supervisor != 0; }
  [[nodiscard]] bool all_replaced(const Daemons& now) const {
    return now.all_there() && now.broker != broker && now.supervisor != supervisor;
  }
  pid_t broker, supervisor;
};

void await_replaced(Machine& machine, const Daemons& before) {
  machine.await("all daemons are replaced", [&] { return before.all_replaced(Daemons{machine}); });
  machine.await_answers();
}

} // namespace

TEST_CASE("init is upgraded under 200 jobs and a hundred callers that wait, and nobody notices") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = many_services()}};
  await_services(machine);
  REQUIRE(machine
              .shell("mkfifo /gate; for i in $(seq " + std::to_string(callers) +
                     "); do (initctl start waits N=$i >/tmp/out.$i 2>&1; echo $? >>/tmp/out.$i) & done")
              .status == 0);
  machine.await("all callers wait", [&] {
    return machine.shell("initctl list | grep -c '^waits .*pre-start'").out == std::to_string(callers) + "\n";
  });
  auto jobs = running(machine);
  Daemons before{machine};
  install_as_init(machine, INIT_OF_ANOTHER_VERSION);
  machine.signal(SIGTERM);
  await_replaced(machine, before);
  CHECK(version_of_process_1(machine) == "init (upstart 9.9.9)\n");
  CHECK(running(machine) == jobs);
  // Nobody was told anything; on a slow machine some were told, after a second, that they wait for a new connection.
  CHECK(machine.shell("ls -A /tmp | wc -l; cat /tmp/out.* | grep -vx " + waits_for_connection).out ==
        std::to_string(callers) + "\n");
  REQUIRE(machine.shell(": >/gate").status == 0);
  machine.await("all callers have ended", [&] {
    return machine.shell("cat /tmp/out.* | grep -c '^[0-9]*$'").out == std::to_string(callers) + "\n";
  });
  CHECK(machine.shell("cat /tmp/out.* | grep -c '^0$'").out == std::to_string(callers) + "\n");
  CHECK(machine.shell("cat /tmp/out.* | grep -c '^waits (.*) start/running, process'").out ==
        std::to_string(callers) + "\n");
  CHECK(machine.initctl({"stop", "svc7"}).out == "svc7 stop/waiting\n");
}

TEST_CASE("init is executed anew again and again, and keeps reaping, serving and being upgraded") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"svc", "start on startup\nrespawn\nexec sleep 1000\n"}}}};
  machine.await_answers();
  machine.await("svc runs", [&] { return !machine.main_process("svc").empty(); });
  auto process = machine.main_process("svc");
  for (int time = 0; time < 3; ++time) {
    Daemons before{machine};
    CHECK(machine
              .run({"dbus-send", "--peer=unix:abstract=/com/ubuntu/upstart", "--print-reply", "/com/ubuntu/Upstart",
                    "com.ubuntu.Upstart0_6.Restart"})
              .status == 0);
    await_replaced(machine, before);
    CHECK(machine.main_process("svc") == process);
  }
  CHECK(machine.shell("ls /proc/1/fd | wc -l").out.size() <= 3); // two digits
  CHECK(machine.shell("kill -KILL " + process).status == 0);
  machine.await("svc is respawned", [&] {
    auto now = machine.main_process("svc");
    return !now.empty() && now != process;
  });
  CHECK(machine.shell("cat /proc/[0-9]*/stat | grep -c ') Z '").out == "0\n");
}

TEST_CASE("a new program that cannot take the state over is not executed, and it is said why") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"svc", "start on startup\nexec sleep 1000\n"}}}};
  machine.await_answers();
  auto version = version_of_process_1(machine);
  machine.write("/put-in-place", "#!/bin/sh\necho 'format 1 is not known' >&2\nexit 1\n");
  install_as_init(machine, machine.root() + "/put-in-place");
  Daemons before{machine};
  machine.signal(SIGTERM);
  machine.await_text("/kmsg", "init goes on as it is: /upstart/init cannot take the state over: format 1 is not known");
  CHECK(version_of_process_1(machine) == version);
  CHECK(Daemons{machine}.supervisor == before.supervisor);
  auto explained = machine.initctl({"explain", "init"});
  CHECK(explained.status == 0);
  CHECK(explained.out.contains("it refused to re-execute and continues unchanged: "));
  CHECK(explained.out.contains(
      ", asked by TERM signal: /upstart/init cannot take the state over: format 1 is not known"));
  CHECK(machine.initctl({"status", "init"}).err.contains("it refused to re-execute"));
  CHECK(machine
            .run({"dbus-send", "--peer=unix:abstract=/com/ubuntu/upstart", "--print-reply", "/com/ubuntu/Upstart",
                  "com.ubuntu.Upstart0_6.Restart"})
            .status == 0);
  machine.await("it is known who has asked", [&] {
    auto text = machine.initctl({"explain", "init"}).out;
    return text.contains(", asked by process ") &&
           text.contains(" of user 0: /upstart/init cannot take the state over");
  });
  install_as_init(machine, INIT_OF_ANOTHER_VERSION);
  CHECK(machine.run({"telinit", "u"}).status == 0);
  CHECK_FALSE(machine.initctl({"explain", "init"}).out.contains("refused"));
  CHECK(machine.initctl({"status", "svc"}).out.starts_with("svc start/running"));
}

TEST_CASE("telinit u answers when init has been executed anew and its daemons are replaced") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"svc", "start on startup\nexec sleep 1000\n"}}}};
  machine.await_answers();
  Daemons before{machine};
  install_as_init(machine, INIT_OF_ANOTHER_VERSION);
  auto told = machine.run({"telinit", "u"});
  CHECK_MESSAGE(told.status == 0, told.err);
  CHECK(version_of_process_1(machine) == "init (upstart 9.9.9)\n");
  CHECK(before.all_replaced(Daemons{machine}));
}

TEST_CASE("that init was executed anew is told, also where the supervisor dies that was to tell it") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{
      {.jobs = {{"watch", "start on startup\nconsole none\nexec sh -c 'exec /upstart/initctl monitor >/heard'\n"}},
       .files = {{"/heard", ""}}}};
  machine.await_answers();
  machine.await("somebody listens", [&] {
    (void)machine.initctl({"emit", "ping"});
    return machine.read("/heard").contains("event ping");
  });
  auto supervisor = std::to_string(machine.daemon("upstart-job-supervisor"));
  auto killed = machine.shell("dbus-send --peer=unix:abstract=/com/ubuntu/upstart --print-reply /com/ubuntu/Upstart "
                              "com.ubuntu.Upstart0_6.Restart && while kill -0 " +
                              supervisor +
                              " 2>/dev/null; do sleep 0.01; done; "
                              "initctl version && kill -KILL $(pgrep -x upstart-job-sup)");
  CHECK_MESSAGE(killed.status == 0, killed.err);
  machine.await_text("/heard", "init was restarted");
}

TEST_CASE("a new program that closes its output and stays does not hold up process 1, and telinit u fails") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"svc", "start on startup\nexec sleep 1000\n"}}}};
  machine.await_answers();
  machine.write("/put-in-place", "#!/bin/sh\nexec >&- 2>&-\nexec sleep 1000\n");
  install_as_init(machine, machine.root() + "/put-in-place");
  auto told = machine.shell("UPSTART_TELINIT_TIMEOUT=1 telinit u");
  CHECK(told.status == 1);
  CHECK(told.err.contains("init did not execute itself anew in time"));
  machine.await_text("/kmsg", "init goes on as it is: /upstart/init did not answer");
  CHECK(machine.shell("pgrep -xf 'sleep 1000' | wc -l").out == "1\n");
  CHECK(machine.initctl({"stop", "svc"}).out == "svc stop/waiting\n");
}
