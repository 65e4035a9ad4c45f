// Jobs that the bridges start, in whole sessions: of D-Bus signals, devices, events of another Upstart, lines at a
// local socket. A program of its own, as it goes into namespaces where there are devices to be made.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

using namespace upstart::test;

namespace {

// Whether this process is in namespaces of its own now, with a /sys that shows its network devices.
bool enter_namespaces() {
  static const bool entered = ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
                              ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                              ::mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0;
  return entered;
}

// The program of udev, where it is installed and can run by itself: no other has its place, which is empty in this
// mount namespace. UPSTART_TEST_UDEVD names one that is elsewhere. Otherwise `why_not` says why.
std::string udev_program(std::string& why_not) {
  static const bool runs_here = ::access("/run/udev/control", F_OK) == 0;
  std::vector<std::string> places{"/usr/lib/systemd/systemd-udevd", "/lib/systemd/systemd-udevd"};
  if (const char* named = std::getenv("UPSTART_TEST_UDEVD")) places.insert(places.begin(), named);
  auto found = std::ranges::find_if(places, [](const auto& path) { return ::access(path.c_str(), X_OK) == 0; });
  if (runs_here) why_not = "udev runs on this machine, and sees its devices";
  else if (found == places.end()) why_not = "systemd-udevd is not installed";
  else if (!enter_namespaces()) why_not = "this user may make no network namespace";
  else if (static const bool empty = ::mount("run", "/run", "tmpfs", 0, nullptr) == 0; !empty)
    why_not = "nothing can be mounted at /run";
  return why_not.empty() ? *found : "";
}

void await_watched(Session& session, const std::string& what) {
  session.await(what + " is watched", [&] { return session.initctl({"bridges"}).out.contains(what + ": watched"); });
}

} // namespace

TEST_CASE("a D-Bus signal starts a job, whose explanation says what is waited for") {
  Session session{
      {{"svc", "start on dbus BUS=session SIGNAL=Happened INTERFACE=org.example.It ARG0=red\nexec sleep 1000\n"}}};
  await_watched(session, "session bus: type='signal',arg0='red',interface='org.example.It',member='Happened'");
  CHECK(session.initctl({"explain", "svc"}).out.contains("upstart-dbus-bridge has session bus:"));
  auto send = [&](const char* argument) {
    return session.run({"dbus-send", "--bus=" + session.bus_address(), "--type=signal", "/it",
                        "org.example.It.Happened", std::string{"string:"} + argument});
  };
  CHECK(send("blue").status == 0);
  CHECK(send("red").status == 0);
  session.await("/jobs/svc/_ StateChanged running");
  CHECK(session.initctl({"history"}).out.contains("ARG0=red"));
  CHECK_FALSE(session.initctl({"history"}).out.contains("ARG0=blue"));
}

TEST_CASE("the original's jobs for a bridge of each bus run side by side, and each signal starts its job once") {
  Session other{{}}; // for its bus
  auto bridge_of = [](const std::string& bus) {
    return "start on go\nexpect daemon\nrespawn\nexec upstart-dbus-bridge --daemon --" + bus + " --user --bus-name " +
           bus;
  };
  auto job_of = [](const std::string& bus) {
    return "start on dbus BUS=" + bus + " SIGNAL=Happened\ntask\nexec sh -c 'echo $BUS $ARG0 >>@DIR@/told'\n";
  };
  Session session{{{"upstart-dbus-session-bridge", bridge_of("session")},
                   {"upstart-dbus-system-bridge", bridge_of("system")},
                   {"for_session", job_of("session")},
                   {"for_system", job_of("system")}},
                  {.environment = {{"DBUS_SYSTEM_BUS_ADDRESS", other.bus_address()}}}};
  await_watched(session, "system bus: type='signal',member='Happened'"); // by the one that init has started
  CHECK(session.initctl({"emit", "go"}).status == 0);
  std::map<std::string, std::string> addresses{{"session", session.bus_address()}, {"system", other.bus_address()}};
  for (const auto& [bus, address] : addresses) {
    auto bridge = session.initctl({"status", "upstart-dbus-" + bus + "-bridge"}).out;
    CHECK_MESSAGE(bridge.contains("start/running"), bridge);
    await_watched(session, bus + " bus: type='signal',member='Happened'");
    auto sent =
        session.run({"dbus-send", "--bus=" + address, "--type=signal", "/it", "org.example.It.Happened", "string:1"});
    CHECK(sent.status == 0);
    session.await("its word", [&] { return read_file(session.directory() + "/told").contains(bus + " 1\n"); });
  }
  CHECK(read_file(session.directory() + "/told") == "session 1\nsystem 1\n");
  for (const auto* bus : {"session", "system"})
    CHECK(session.log("upstart-dbus-" + std::string{bus} + "-bridge").contains("waiting until it has ended"));
  CHECK_FALSE(session.messages().contains("respawning"));
}

TEST_CASE("a network device that comes starts a job, and its end stops the job, although the bridge died meanwhile") {
  if (!enter_namespaces()) {
    MESSAGE("skipped: this user may make no network namespace");
    return;
  }
  Session session{{{"svc", "start on net-device-added INTERFACE=t0\nstop on net-device-removed INTERFACE=$INTERFACE\n"
                           "exec sleep 1000\n"}},
                  {.environment = {{"UPSTART_UDEV_MONITOR", "kernel"}}}};
  await_watched(session, "event net-device-added");
  REQUIRE(session.run({"ip", "link", "add", "t0", "type", "bridge"}).status == 0);
  session.await("/jobs/svc/_ StateChanged running");
  session.kill_daemon("upstart-udev-bridge");
  REQUIRE(session.run({"ip", "link", "delete", "t0"}).status == 0);
  session.await("/jobs/svc InstanceRemoved /com/ubuntu/Upstart/jobs/svc/_");
}

TEST_CASE("a network device starts a job when udev has told of it, which is started later than the bridge") {
  std::string why_not;
  auto program = udev_program(why_not);
  if (program.empty()) {
    MESSAGE("skipped: " << why_not);
    return;
  }
  Session session{{{"udev", "exec " + program + "\n"},
                   {"svc", "start on net-device-added INTERFACE=t1\nstop on net-device-removed INTERFACE=$INTERFACE\n"
                           "exec sleep 1000\n"}}};
  session.await("the bridge waits for udev",
                [&] { return session.initctl({"bridges"}).out.contains("event net-device-added: udev does not run"); });
  CHECK(session.initctl({"start", "udev"}).status == 0);
  await_watched(session, "event net-device-added");
  REQUIRE(session.run({"ip", "link", "add", "t1", "type", "bridge"}).status == 0);
  session.await("/jobs/svc/_ StateChanged running");
  CHECK(session.initctl({"history"}).out.contains("USEC_INITIALIZED=")); // which udev adds
  REQUIRE(session.run({"ip", "link", "delete", "t1"}).status == 0);
  session.await("/jobs/svc InstanceRemoved /com/ubuntu/Upstart/jobs/svc/_");
}

TEST_CASE("an event of the system's Upstart starts a job of a session") {
  Session system{{}};
  Session session{{{"svc", "start on :sys:tick N=2\nexec sleep 1000\n"}},
                  {.environment = {{"DBUS_SYSTEM_BUS_ADDRESS", system.bus_address()}}}};
  await_watched(session, "event tick of the system");
  CHECK(system.initctl({"emit", "tick", "N=1"}).status == 0);
  CHECK(system.initctl({"emit", "tick", "N=2"}).status == 0);
  session.await("/jobs/svc/_ StateChanged running");
  CHECK(session.initctl({"history"}).out.contains(":sys:tick N=1"));
}

TEST_CASE("a line that is written to a local socket starts a job; the bridge is a job, too") {
  Session session{{{"bridge", "exec upstart-local-bridge --user --event told --path @DIR@/told\n"},
                   {"svc", "start on told COLOUR=red\nexec sleep 1000\n"}}};
  CHECK(session.initctl({"start", "bridge"}).status == 0);
  auto path = session.directory() + "/told";
  struct stat status{};
  session.await("the socket is there", [&] { return ::stat(path.c_str(), &status) == 0; });
  auto wrote = session.run({"python3", "-c",
                            "import socket, sys\n"
                            "s = socket.socket(socket.AF_UNIX)\n"
                            "s.connect(sys.argv[1])\n"
                            "s.sendall(b'COLOUR=blue\\nCOLOUR=red\\n')\n",
                            path});
  CHECK(wrote.err == "");
  session.await("/jobs/svc/_ StateChanged running");
}
