// The real program on the kernel's own messages, in a network namespace of this test: network devices come and go there
// and nowhere else. The stand-ins, and what the test does, are in it too.
#include "daemons/bridge/testing/fixture.hpp"
#include "protocol/environment.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace upstart;
using namespace upstart::bridge;
using namespace upstart::bridge::testing;

namespace {

// Whether this process is in namespaces of its own now, with a /sys that shows its devices.
bool enter_namespaces() {
  static const bool entered = ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
                              ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                              ::mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0;
  return entered;
}

struct UdevBridgeFixture : Fixture {
  UdevBridgeFixture() : Fixture{UDEV_BRIDGE, "udev-bridge"} { options = {"--debug", "--monitor", "kernel"}; }
  ~UdevBridgeFixture() {
    for (const auto& device : devices) ip({"link", "delete", device});
  }

  Strings devices; // made by the test

  int ip(Strings arguments) {
    arguments.insert(arguments.begin(), "ip");
    return Process{{.command = arguments,
                    .environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}},
                    .descriptors = {},
                    .output = directory / "ip"}}
        .wait();
  }
  void add(const std::string& device) {
    devices.push_back(device);
    REQUIRE_MESSAGE(ip({"link", "add", device, "type", "bridge"}) == 0, content_of(directory / "ip"));
  }
  void remove(const std::string& device) {
    std::erase(devices, device);
    REQUIRE(ip({"link", "delete", device}) == 0);
  }
  // "NAME INTERFACE" of each event, of the devices that this test makes.
  Strings events() {
    Strings texts;
    for (std::size_t id = 1; id <= broker.count(); ++id) {
      upstart::protocol::Environment variables{broker.event(id).env};
      auto interface = std::string{variables.get("INTERFACE").value_or("")};
      if (interface.starts_with("t")) texts.push_back(broker.event(id).name + " " + interface);
    }
    return texts;
  }
  void until_told(const Strings& wanted) {
    until([&] { return events().size() >= wanted.size(); }, "events");
    CHECK(events() == wanted);
  }
};

const Expression added{{"net-device-added"}};
const Expression removed{{"net-device-removed"}};

} // namespace

#define NEED_NAMESPACES                                                                                                \
  if (!enter_namespaces()) {                                                                                           \
    MESSAGE("skipped: this user may make no network namespace");                                                       \
    return;                                                                                                            \
  }

TEST_CASE("a network device that comes and goes makes events, with the kernel's properties") {
  NEED_NAMESPACES
  UdevBridgeFixture test;
  test.supervisor.set_job("a", added, removed);
  test.add("t0");
  test.start();
  test.until_told({"net-device-added t0"});
  test.add("t1");
  test.until_told({"net-device-added t0", "net-device-added t1"});
  auto env = test.broker.event(test.broker.count()).env;
  env.resize(4);
  CHECK(env == Strings{"SUBSYSTEM=net", "ACTION=add", "KERNEL=t1", "DEVPATH=/devices/virtual/net/t1"});
  test.remove("t0");
  test.until_told({"net-device-added t0", "net-device-added t1", "net-device-removed t0"});
}

TEST_CASE("without coldplug devices that are there are not told") {
  NEED_NAMESPACES
  UdevBridgeFixture test;
  test.options.emplace_back("--no-coldplug");
  test.supervisor.set_job("a", added, removed);
  test.add("t0");
  test.start();
  test.add("t1");
  test.until_told({"net-device-added t1"});
}

TEST_CASE("what happened while no bridge was there is told by the next one, and nothing again") {
  NEED_NAMESPACES
  UdevBridgeFixture test;
  test.supervisor.set_job("a", added, removed);
  test.add("t0");
  test.add("t1");
  test.add("t2");
  test.start();
  test.until([&] { return test.events().size() == 3; }, "three devices");
  test.bridge->end(SIGKILL);
  test.remove("t1");
  test.remove("t2");
  test.add("t2");
  test.add("t3");
  test.start();
  auto told = [&](const char* text) { return std::ranges::count(test.events(), text); };
  test.until([&] { return told("net-device-added t3") == 1 && test.events().size() >= 7; }, "the changes");
  CHECK(test.events().size() == 7);
  CHECK(told("net-device-removed t1") == 1);
  CHECK(told("net-device-removed t2") == 1);
  CHECK(told("net-device-added t2") == 2);
}

#ifdef UPSTART_FAULT_POINTS
TEST_CASE("killed at any step, each device is told once") {
  NEED_NAMESPACES
  for (const char* point : {"bridge-written:2", "bridge-written:3"}) {
    CAPTURE(point);
    UdevBridgeFixture test;
    test.supervisor.set_job("a", added, removed);
    test.environment["UPSTART_FAULT"] = point;
    test.environment["UPSTART_FAULT_ONCE"] = test.directory / "died";
    test.managed = false;
    test.start();
    test.add("t0");
    test.until([&] { return std::filesystem::exists(test.directory / "died"); }, "its death");
    test.bridge->wait();
    test.managed = true;
    test.start();
    test.add("t1");
    test.until([&] { return test.events().size() >= 2; }, "two devices");
    CHECK(test.events() == Strings{"net-device-added t0", "net-device-added t1"});
  }
}
#endif

TEST_CASE("nothing wakes the bridge while nothing happens") {
  NEED_NAMESPACES
  UdevBridgeFixture test;
  test.environment["WATCHDOG_USEC"] = "100000"; // it looks at its own activity, and rests, a few times a period
  test.supervisor.set_job("a", added);
  test.start();
  auto before = test.bridge->until_idle();
  CHECK(test.bridge->until_idle() == before);
}
