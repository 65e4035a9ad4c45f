// Daemons of a booted machine are killed: it stays up, its jobs are untouched, and what happens next is seen.
#include "integration-tests/boot/machine.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace upstart::test;

namespace {

constexpr const char* service = "start on startup\nconsole none\nexec sleep 1000\n";

std::string task_on(const std::string& condition, const std::string& name) {
  return "start on " + condition + "\ntask\nconsole none\nexec sh -c 'echo ran >>/" + name + "'\n";
}

pid_t await_daemon(Machine& machine, const char* program, pid_t before = 0) {
  pid_t now = 0;
  machine.await(std::string{program} + (before > 0 ? " is there again" : " is there"), [&] {
    now = machine.daemon(program);
    return now != 0 && now != before;
  });
  return now;
}

void kill(Machine& machine, pid_t process) {
  REQUIRE(machine.shell("kill -KILL " + std::to_string(process)).status == 0);
}

// Does what makes the event until the job has run once more: a bridge that has just been started may not look yet.
void await_run(Machine& machine, const std::string& name, const std::string& cause) {
  auto before = machine.read("/" + name).size();
  machine.await("the job " + name + " has run", [&] {
    if (!cause.empty()) (void)machine.shell(cause);
    return machine.read("/" + name).size() > before;
  });
}

} // namespace

TEST_CASE("each daemon of a machine is killed in turn: the machine stays up, its jobs are untouched") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"svc", service}}}};
  machine.await_answers();
  machine.await("svc runs", [&] { return !machine.main_process("svc").empty(); });
  auto process = machine.main_process("svc");
  for (const char* program : {"upstart-event-broker", "upstart-job-supervisor"}) {
    auto before = machine.daemon(program);
    REQUIRE(before > 0);
    kill(machine, before);
    (void)await_daemon(machine, program, before);
    machine.await_answers();
    CHECK(machine.main_process("svc") == process);
    CHECK(machine.initctl({"emit", "anything"}).status == 0);
  }
}

TEST_CASE("a job supervisor of a machine that is told to end leaves the jobs, and what they print, to the next one") {
  SKIP_WITHOUT_MACHINES();
  const std::string log = "/var/log/upstart/talks.log";
  Machine machine{{.jobs = {{"talks", "start on startup\nscript\n"
                                      "  while :; do\n"
                                      "    if [ -e /say ]; then mv /say /said; cat /said; fi\n"
                                      "    sleep 0.02\n"
                                      "  done\nend script\n"}}}};
  machine.await_answers();
  machine.await("talks runs", [&] { return !machine.main_process("talks").empty(); });
  REQUIRE(machine.shell("mkdir -p /var/log/upstart").status == 0);
  REQUIRE(machine.initctl({"notify-disk-writeable"}).status == 0);
  auto process = machine.main_process("talks");
  machine.write("/say", "one\n");
  machine.await_text(log, "one\n");
  auto before = machine.daemon("upstart-job-supervisor");
  REQUIRE(machine.shell("kill -TERM " + std::to_string(before)).status == 0);
  (void)await_daemon(machine, "upstart-job-supervisor", before);
  machine.await_answers();
  machine.write("/say", "two\n");
  machine.await_text(log, "one\ntwo\n");
  CHECK(machine.main_process("talks") == process);
}

TEST_CASE("each bridge of a machine is killed in turn: jobs are untouched, and the next one sees what happens then") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = {{"svc", service},
                            {"file", task_on("file FILE=/watched/* EVENT=create", "file-ran")},
                            {"timer", task_on("timer EVERY=1s", "timer-ran")},
                            {"socket", task_on("socket PROTO=unix SOCKET_PATH=/run/s", "socket-ran")},
                            {"device", task_on("net-device-added", "device-ran")}},
                   .files = {{"/watched/first", ""}}}};
  machine.await_answers();
  machine.await("svc runs", [&] { return !machine.main_process("svc").empty(); });
  auto process = machine.main_process("svc");
  struct Bridge {
    const char *program, *job, *cause;
  };
  for (const auto& [program, job, cause] :
       {Bridge{"upstart-file-bridge", "file-ran", "mktemp /watched/XXXXXX"},
        Bridge{"upstart-timer-bridge", "timer-ran", ""},
        Bridge{"upstart-socket-bridge", "socket-ran",
               "python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"/run/s\")'"}}) {
    auto before = await_daemon(machine, program);
    await_run(machine, job, cause);
    kill(machine, before);
    (void)await_daemon(machine, program, before);
    await_run(machine, job, cause);
    CHECK(machine.main_process("svc") == process);
  }
  auto before = await_daemon(machine, "upstart-udev-bridge");
  kill(machine, before);
  (void)await_daemon(machine, "upstart-udev-bridge", before);
  CHECK(machine.is_up());
  CHECK(machine.main_process("svc") == process);
}
