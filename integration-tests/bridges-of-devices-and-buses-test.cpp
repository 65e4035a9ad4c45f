// Jobs that the bridges start, in whole sessions: of D-Bus signals, devices, events of another Upstart, lines at a
// local socket. A program of its own, as it goes into namespaces where there are devices to be made.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

using namespace upstart::test;

namespace {

// Whether this process is in namespaces of its own now, with a /sys that shows its network devices.
bool enter_namespaces() {
  static const bool entered = ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
                              ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                              ::mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0;
  return entered;
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
