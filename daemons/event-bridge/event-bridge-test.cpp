// The real program between stand-ins, on a real bus on which the test is the system's Upstart.
#include "daemons/bridge/testing/fixture.hpp"

using namespace upstart;
using namespace upstart::bridge;
using namespace upstart::bridge::testing;

namespace {

struct EventBridgeFixture : Fixture {
  EventBridgeFixture() : Fixture{EVENT_BRIDGE, "event-bridge"} {
    environment["DBUS_SYSTEM_BUS_ADDRESS"] = bus_address();
    bus.emplace(start_bus());
    upstart = join_bus();
    REQUIRE(sd_bus_request_name_async(upstart->raw(), nullptr, protocol::bus_name::upstart, 0, nullptr, nullptr) >= 0);
  }

  std::optional<Process> bus;
  std::unique_ptr<base::BusConnection> upstart;

  static void emit(base::BusConnection& from, const char* name, const char* variable) {
    REQUIRE(sd_bus_emit_signal(from.raw(), protocol::path::manager, protocol::interface_name::upstart, "EventEmitted",
                               "sas", name, 1, variable) >= 0);
  }
  void until_watched(std::size_t count) {
    until(
        [&] {
          auto all = watches();
          return all.size() == count &&
                 std::ranges::all_of(all, [](const auto& watch) { return watch.state == "watched"; });
        },
        "watched");
  }
};

} // namespace

TEST_CASE("an event of the system that a job names is emitted in the session, and no other") {
  EventBridgeFixture test;
  test.supervisor.set_job("a", {{":sys:runlevel", "RUNLEVEL=2"}});
  test.start();
  test.until_watched(1);
  test.emit(*test.upstart, "started", "JOB=x");
  test.emit(*test.upstart, "runlevel", "RUNLEVEL=2");
  test.until_events(1);
  CHECK(test.broker.event(1).name == ":sys:runlevel");
  CHECK(test.broker.event(1).env == Strings{"RUNLEVEL=2"});
}

TEST_CASE("the system's init has re-executed itself: :sys:restarted") {
  EventBridgeFixture test;
  test.supervisor.set_job("a", {{":sys:restarted"}});
  test.start();
  test.until_watched(1);
  REQUIRE(sd_bus_emit_signal(test.upstart->raw(), protocol::path::manager, protocol::interface_name::upstart,
                             "Restarted", "") >= 0);
  test.until_events(1);
  CHECK(test.broker.event(1).name == ":sys:restarted");
  CHECK(test.broker.event(1).env.empty());
}

TEST_CASE("what another than Upstart sends is no event of the system") {
  EventBridgeFixture test;
  test.supervisor.set_job("a", {{":sys:runlevel"}});
  test.start();
  test.until_watched(1);
  auto stranger = test.join_bus();
  auto name = protocol::daemon_bus_name("event-bridge");
  test.emit(*stranger, "runlevel", "RUNLEVEL=0");
  test.emit(*test.upstart, "runlevel", "RUNLEVEL=2");
  test.until_events(1);
  CHECK(test.broker.event(1).env == Strings{"RUNLEVEL=2"});
}

TEST_CASE("a system bus, and an Upstart on it, that go and come back are followed") {
  EventBridgeFixture test;
  test.supervisor.set_job("a", {{":sys:tick"}});
  test.start();
  test.until_watched(1);
  test.upstart.reset();
  test.until([&] { return test.watches().at(0).state == "no Upstart is on the system bus"; }, "no Upstart");
  test.bus.reset();
  test.until([&] { return test.watches().at(0).state.starts_with("no connection to the system bus: "); }, "no bus");
  std::filesystem::remove(test.directory / "bus");
  test.bus.emplace(test.start_bus());
  test.upstart = test.join_bus();
  REQUIRE(sd_bus_request_name_async(test.upstart->raw(), nullptr, protocol::bus_name::upstart, 0, nullptr, nullptr) >=
          0);
  test.until_watched(1);
  test.emit(*test.upstart, "tick", "N=1");
  test.until_events(1);
}

TEST_CASE("events of the system that nobody asked for do not wake the bridge once") {
  EventBridgeFixture test;
  test.environment["WATCHDOG_USEC"] = "100000"; // it looks at its own activity, and rests, a few times a period
  test.supervisor.set_job("a", {{":sys:tick"}});
  test.start();
  test.until_watched(1);
  auto before = test.bridge->until_idle();
  for (int i = 0; i < 5'000; ++i) test.emit(*test.upstart, "started", "JOB=x");
  test.until_bus_has_all(*test.upstart);
  CHECK(test.bridge->wake_ups() == before);
}
