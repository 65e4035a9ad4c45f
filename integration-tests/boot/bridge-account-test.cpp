// Bridges that need no root run as an account of their own, where the machine has one.
#include "integration-tests/boot/machine.hpp"
#include "integration-tests/boot/skip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <format>

using namespace upstart::test;

namespace {

constexpr const char* accounts = "root::0:0:root:/root:/bin/sh\n"
                                 "upstart-bridge:x:971:972:bridges of Upstart:/:/usr/sbin/nologin\n"
                                 "nobody:*:65534:65534:nobody:/:/usr/sbin/nologin\n";
const std::map<std::string, std::string> jobs{
    {"tick", "start on timer EVERY=1s\ntask\nexec sh -c 'echo tick $TIME >>/ticks'\n"},
    {"told", "start on dbus SIGNAL=Happened\ntask\nexec true\n"},
    {"mark", "start on file FILE=/mark EVENT=create\ntask\nexec true\n"}};

// "USER GROUP" of the daemon of that program; "" if there is none.
std::string identity(const Machine& machine, const char* program) {
  auto pid = machine.daemon(program);
  return pid == 0 ? "" : machine.shell(std::format("stat -c '%u %g' /proc/{} 2>/dev/null", pid)).out;
}

void await_identity(Machine& machine, const char* program, const std::string& wanted) {
  machine.await(std::string{program} + " is " + wanted, [&] { return identity(machine, program) == wanted + "\n"; });
}

std::size_t ticks(const Machine& machine) {
  auto text = machine.read("/ticks");
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// A call of this user on a daemon's own socket, as dbus-send prints its answer or the error.
std::string call(const Machine& machine, int user, const std::string& socket, const std::string& path,
                 const std::string& member, const std::string& arguments) {
  auto [status, out, err] =
      machine.shell(std::format("setpriv --reuid {} --regid {} --clear-groups dbus-send "
                                "--peer=unix:path=/run/upstart/{}.sock --print-reply=literal {} {} {}",
                                user, user + 1, socket, path, member, arguments));
  return out + err;
}

std::string ask_broker(const Machine& machine, int user, const std::string& member, const std::string& arguments) {
  return call(machine, user, "event-broker", "/com/ubuntu/Upstart/EventBroker",
              "com.ubuntu.Upstart.EventBroker1." + member, arguments);
}

std::string ask_supervisor(const Machine& machine, int user, const std::string& member, const std::string& arguments) {
  return call(machine, user, "job-supervisor", "/com/ubuntu/Upstart", "com.ubuntu.Upstart.JobSupervisor1." + member,
              arguments);
}

} // namespace

TEST_CASE("timers and D-Bus signals are watched as the bridges' account, which works over the death of each daemon") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = jobs, .files = {{"/etc/passwd", accounts}}}};
  machine.await_text("/ticks", "tick ");
  await_identity(machine, "upstart-timer-bridge", "971 972");
  await_identity(machine, "upstart-dbus-bridge", "971 972");
  await_identity(machine, "upstart-file-bridge", "0 0");
  await_identity(machine, "upstart-event-broker", "0 0");
  auto status = machine.shell(std::format("cat /proc/{}/status", machine.daemon("upstart-timer-bridge"))).out;
  CHECK(status.contains("CapEff:\t0000000000000000"));
  CHECK(status.contains("NoNewPrivs:\t1"));
  CHECK(status.contains("Groups:\t \n"));
  for (const auto* victim : {"upstart-timer-bridge", "upstart-event-broker", "upstart-job-supervisor"}) {
    CAPTURE(victim);
    auto before = machine.daemon(victim);
    REQUIRE(machine.shell(std::format("kill -KILL {}", before)).status == 0);
    machine.await("another one", [&] { return machine.daemon(victim) != 0 && machine.daemon(victim) != before; });
    auto so_far = ticks(machine);
    machine.await("two ticks more", [&] { return ticks(machine) >= so_far + 2; });
  }
  await_identity(machine, "upstart-timer-bridge", "971 972");
  REQUIRE(machine.run({"telinit", "u"}).status == 0);
  await_identity(machine, "upstart-timer-bridge", "971 972");
  auto so_far = ticks(machine);
  machine.await("two ticks more", [&] { return ticks(machine) >= so_far + 2; });
  CHECK_FALSE(machine.kernel_log().contains("outlives the process"));
}

TEST_CASE("the bridges' account may do what bridges do, and nothing else; others are not let in") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = jobs, .files = {{"/etc/passwd", accounts}}}};
  machine.await_text("/ticks", "tick ");
  constexpr int bridge = 971, other = 65534;
  CHECK(ask_supervisor(machine, bridge, "LocateCondition", "string:tick array:string:timer,EVERY=1s")
            .contains("/etc/init/tick.conf:1"));
  CHECK(ask_supervisor(machine, bridge, "WatchConditions", "string:timer").contains("tick"));
  CHECK(ask_supervisor(machine, bridge, "StartJob", "string: array:string:tick array:string: boolean:false")
            .contains("You do not have permission to start job"));
  CHECK(ask_supervisor(machine, bridge, "DescribeJob", "string:tick").contains("You do not have permission"));
  CHECK(ask_broker(machine, bridge, "Attach", "string:job-supervisor array:string:startup")
            .contains("You do not have permission to handle events"));
  CHECK(ask_broker(machine, bridge, "JoinBus", "string:unix:path=/x").contains("You do not have permission"));
  CHECK(ask_broker(machine, bridge, "Attach", "string:dbus-bridge array:string:never").contains("array ["));
  CHECK(ask_broker(machine, other, "ListPending", "").contains("Permission denied"));
  CHECK(machine.shell("setpriv --reuid 971 --regid 972 --clear-groups initctl emit runlevel").status != 0);
  CHECK(machine.shell("stat -c %a%u%g /run/upstart").out == "7100972\n");
}

TEST_CASE("without that account every bridge is root's, and one that is made later is used from the next boot on") {
  SKIP_WITHOUT_MACHINES();
  Machine machine{{.jobs = jobs}};
  machine.await_text("/ticks", "tick ");
  await_identity(machine, "upstart-timer-bridge", "0 0");
  CHECK(machine.shell("stat -c %a /run/upstart").out == "700\n");
  machine.write("/etc/passwd", accounts);
  REQUIRE(machine.run({"telinit", "u"}).status == 0);
  await_identity(machine, "upstart-timer-bridge", "0 0");
  auto so_far = ticks(machine);
  machine.await("two ticks more", [&] { return ticks(machine) >= so_far + 2; });
}
