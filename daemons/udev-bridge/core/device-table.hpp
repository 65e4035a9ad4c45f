// The devices of the subsystems that jobs ask for, and what of them is to be told: takes the conditions of jobs, what
// devices there are and what happens to them, and emits. Pure: what it remembers and emits goes to a Memory, where the
// two are never apart, so that nothing is lost or told twice, whenever the bridge dies.
//
// A subsystem is tracked while a job names an event of it. From then on the table holds its devices, so that whatever
// the bridge was not there to hear of is found by comparing (`found`): one that is not in the table is told as added, a
// missing one as removed, one with another identity as both. Each device is told as added once; where no job asks for
// that yet, when one does.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/bridge/ports/memory.hpp"
#include "daemons/udev-bridge/core/device.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace upstart::udev_bridge {

struct DeviceTableSettings {
  Strip strip = Strip::unprintable;
  bool coldplug = true; // devices that are there when their subsystem is tracked first are told as added
};

class DeviceTable {
public:
  using Settings = DeviceTableSettings;
  using Records = std::map<std::string, std::string, std::less<>>;

  // `records` are those of the memory, which a bridge before may have left. One that cannot be read is dropped.
  DeviceTable(Settings settings, bridge::Memory& memory, const Records& records);

  // What cannot be served of the jobs that have changed, each a message that names job and variable.
  [[nodiscard]] std::vector<bridge::ConditionWarning> jobs_changed(const bridge::ConditionsUpdate& update);
  // The subsystems that are tracked; those whose devices must be looked for now.
  [[nodiscard]] std::set<std::string> subsystems() const;
  [[nodiscard]] const std::set<std::string>& to_be_searched() const { return to_be_searched_; }
  // By event name, the jobs that ask for it.
  [[nodiscard]] const std::map<std::string, std::set<std::string>>& wanted() const { return wanted_; }

  // These are all devices of these subsystems. Messages up to `number` may have happened before.
  void found(std::set<std::string> subsystems, const std::vector<Device>& devices, std::uint64_t number);
  void happened(const DeviceMessage& message);
  // Messages were lost: all subsystems must be searched.
  void search_again();

private:
  struct Known {
    Device device;
    bool told = false; // as added
  };

  using Devices = std::map<std::string, Known>; // by path

  void track();
  void added(const Device& device, bool tell);
  Devices::iterator removed(Devices::iterator known);
  void tell_untold();
  void emit(const Device& device, std::string_view action);
  Devices::iterator forget(Devices::iterator known);
  void remember(const Known& known);

  Settings settings_;
  bridge::Memory& memory_;
  std::map<std::string, std::set<std::string>> by_job_; // the event names of each job
  std::map<std::string, std::set<std::string>> wanted_;
  std::set<std::string> tracked_;  // also by a bridge before
  std::set<std::string> searched_; // by this one: messages about them count
  std::set<std::string> to_be_searched_;
  Devices devices_;
  std::uint64_t searched_up_to_ = 0;
};

} // namespace upstart::udev_bridge
