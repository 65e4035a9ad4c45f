#include "daemons/udev-bridge/core/device-table.hpp"

#include "daemons/bridge/testing/recording-memory.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <utility>

using namespace upstart::udev_bridge;
using upstart::protocol::Environment;
using Words = std::vector<std::string>;

namespace {

Device net(const std::string& name, std::uint64_t identity = 1) {
  return {.path = "/devices/virtual/net/" + name,
          .subsystem = "net",
          .kernel = name,
          .node = "",
          .identity = identity,
          .properties = Environment{{"INTERFACE=" + name}}};
}

// A table on a memory, as it outlives the table: a second table may be made of it at any time.
struct Scene final : upstart::bridge::RecordingMemory {
  explicit Scene(bool coldplug = true) : settings{.strip = Strip::unprintable, .coldplug = coldplug} { die(); }

  DeviceTable::Settings settings;
  Words emitted; // "NAME KERNEL"
  std::unique_ptr<DeviceTable> table;
  std::uint64_t number = 100; // of the kernel's last message

  void emit(std::string name, Environment environment) override {
    emitted.push_back(name + " " + std::string{environment.get("KERNEL").value_or("")});
  }

  void want(const Words& events, const char* job = "a") {
    upstart::bridge::ConditionsUpdate update;
    if (events.empty()) update.gone = {job};
    else update.changed.push_back({job, {}});
    for (const auto& event : events) update.changed[0].matches.push_back({event, {}, true});
    CHECK(table->jobs_changed(update).empty());
  }
  void find(const std::vector<Device>& devices) { table->found(table->to_be_searched(), devices, number); }
  void happen(const char* action, const Device& device, std::string former = {}) {
    table->happened({.device = device, .action = action, .number = ++number, .former_path = std::move(former)});
  }
  Words events() { return std::exchange(emitted, {}); }
  void die() { table = std::make_unique<DeviceTable>(settings, *this, records); }
};

} // namespace

TEST_CASE("an event has its variables in their order, and unprintable bytes only where they are not stripped") {
  Device disk{.path = "/devices/x/sda",
              .subsystem = "block",
              .kernel = "sda",
              .node = "/dev/sda",
              .identity = 1,
              .properties = Environment{{"DEVNAME=/dev/sda", "ACTION=change",
                                         "ID_MODEL=a\x01\xc3\xa9"
                                         "b",
                                         "X=\n"}}};
  CHECK(environment_of(disk, "add", Strip::unprintable).strings() == Words{"SUBSYSTEM=block", "ACTION=add",
                                                                           "KERNEL=sda", "DEVPATH=/devices/x/sda",
                                                                           "DEVNAME=/dev/sda", "ID_MODEL=ab", "X="});
  CHECK(environment_of(disk, "add", Strip::nothing).get("ID_MODEL") == "a\x01\xc3\xa9"
                                                                       "b");
}

TEST_CASE("devices that are there are told as added, and what happens to them afterwards, once") {
  Scene scene;
  scene.want({"net-device-added", "net-device-removed", "net-device-changed"});
  CHECK(scene.table->to_be_searched() == std::set<std::string>{"net"});
  scene.find({net("lo"), net("eth0")});
  CHECK(scene.events() == Words{"net-device-added lo", "net-device-added eth0"});
  scene.happen("add", net("eth1"));
  scene.happen("change", net("eth1"));
  scene.happen("remove", net("eth0"));
  CHECK(scene.events() == Words{"net-device-added eth1", "net-device-changed eth1", "net-device-removed eth0"});
  CHECK(scene.table->to_be_searched().empty());
}

TEST_CASE("only what a job asks for is told, and a job that comes later gets what was not told yet") {
  Scene scene;
  scene.want({"net-device-removed"});
  scene.find({net("lo")});
  scene.happen("add", net("eth0"));
  CHECK(scene.events().empty());
  scene.want({"net-device-added"}, "b");
  CHECK(scene.events() == Words{"net-device-added eth0", "net-device-added lo"});
  scene.want({"net-device-added"}, "c"); // told already
  CHECK(scene.events().empty());
  scene.want({}, "b");
  scene.want({}, "c");
  scene.want({"block-device-added"}, "a");
  CHECK(scene.table->to_be_searched() == std::set<std::string>{"block"});
  scene.happen("remove", net("lo"));
  CHECK(scene.events().empty());
}

TEST_CASE("a message that came before the search and is about what was found is not told twice") {
  Scene scene;
  scene.want({"net-device-added", "net-device-removed"});
  scene.number = 7;
  scene.find({net("eth0")});
  scene.number = 4;
  scene.happen("add", net("eth0")); // 5
  scene.happen("add", net("eth1")); // 6: has gone before the search
  scene.happen("remove", net("eth1"));
  CHECK(scene.events() == Words{"net-device-added eth0", "net-device-added eth1", "net-device-removed eth1"});
  scene.happen("add", net("eth0")); // 8: somebody triggers it again
  CHECK(scene.events() == Words{"net-device-added eth0"});
}

TEST_CASE("without coldplug devices that are there are known and not told, and later ones are") {
  Scene scene{false};
  scene.want({"net-device-added", "net-device-removed"});
  scene.find({net("lo")});
  CHECK(scene.events().empty());
  scene.die();
  scene.want({"net-device-added", "net-device-removed"});
  scene.find({net("eth0")}); // happened while the bridge was not there
  CHECK(scene.events() == Words{"net-device-removed lo", "net-device-added eth0"});
}

TEST_CASE("a bridge that follows tells what happened meanwhile, and nothing again") {
  Scene scene;
  scene.want({"net-device-added", "net-device-removed"});
  scene.find({net("lo"), net("eth0", 1), net("eth1")});
  CHECK(scene.events().size() == 3);
  scene.die();
  scene.want({"net-device-added", "net-device-removed"});
  scene.find({net("lo"), net("eth0", 2), net("eth2")});
  CHECK(scene.events() ==
        Words{"net-device-removed eth1", "net-device-removed eth0", "net-device-added eth0", "net-device-added eth2"});
}

TEST_CASE("a device that moves keeps what was told of it") {
  Scene scene;
  scene.want({"net-device-added", "net-device-moved", "net-device-removed"});
  scene.find({net("eth0")});
  CHECK(scene.events() == Words{"net-device-added eth0"});
  scene.happen("move", net("lan0"), net("eth0").path);
  CHECK(scene.events() == Words{"net-device-moved lan0"});
  scene.table->search_again();
  scene.find({net("lan0")});
  CHECK(scene.events().empty());
}

TEST_CASE("where messages were lost a search makes them good") {
  Scene scene;
  scene.want({"net-device-added", "net-device-removed"});
  scene.find({net("lo")});
  CHECK(scene.events().size() == 1);
  scene.table->search_again();
  CHECK(scene.table->to_be_searched() == std::set<std::string>{"net"});
  scene.find({net("eth0")});
  CHECK(scene.events() == Words{"net-device-removed lo", "net-device-added eth0"});
}

TEST_CASE("a record that cannot be read is dropped: its device is told again") {
  Scene scene;
  scene.want({"net-device-added"});
  scene.find({net("lo")});
  CHECK(scene.events().size() == 1);
  scene.records["d" + net("lo").path] = "short";
  scene.die();
  scene.want({"net-device-added"});
  scene.find({net("lo")});
  CHECK(scene.events() == Words{"net-device-added lo"});
}

TEST_CASE("a condition that no device can match is a message, and one of another's event is left alone") {
  Scene scene;
  auto warnings = scene.table->jobs_changed(
      {.changed = {{"a", {{"net-device-up", {}, true}, {"drm-device-added", {"SUBSYSTEM=net"}, true}}}},
       .gone = {},
       .activity = {}});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].text == "job a: SUBSYSTEM in its drm-device-added condition: it is drm in every such event, which "
                            "net does not match; no device is waited for because of it");
  CHECK(scene.table->subsystems().empty());
}
