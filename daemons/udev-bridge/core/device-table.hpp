// The devices of the subsystems that jobs ask for, and what of them is to be told: takes the conditions of jobs, what
// devices there are and what happens to them, and returns the events to be emitted. Pure; what it returns is to be
// written to the store before any event of it is emitted.
//
// A subsystem is tracked while a job names an event of it. From then on the table holds its devices, so that whatever
// the bridge was not there to hear of is found by comparing (`found`): one that is not in the table is told as added, a
// missing one as removed, one with another identity as both. Each device is told as added once; where no job asks for
// that yet, when one does.
//
// An event stays in the table, with its token, until it has finished: a bridge that follows one that was killed emits
// it again, and the broker knows it by its token. So nothing is lost or told twice, whenever the bridge dies.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/udev-bridge/core/device.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace upstart::udev_bridge {

struct DeviceTableSettings {
  Strip strip = Strip::unprintable;
  bool coldplug = true; // devices that are there when their subsystem is tracked first are told as added
  std::string identity; // of this process, unique: its tokens begin with it
};

class DeviceTable {
public:
  using Settings = DeviceTableSettings;
  using EventNumber = std::uint64_t;
  struct Event {
    EventNumber number = 0;
    std::string name;
    protocol::Environment environment;
    std::string token;
  };
  // A record that has changed; without bytes it is gone.
  struct Change {
    std::string key;
    std::optional<std::string> bytes;
  };

  explicit DeviceTable(Settings settings) : settings_{std::move(settings)} {}

  // What a former bridge had written. Events that had not finished are to be emitted again. The messages say what
  // cannot be read.
  [[nodiscard]] std::vector<std::string> restore(const std::map<std::string, std::string>& records);

  // What cannot be served of the jobs that have changed, each a message that names job and variable.
  [[nodiscard]] std::vector<std::string> jobs_changed(const bridge::ConditionsUpdate& update);
  // The subsystems that are tracked; those whose devices must be looked for now.
  [[nodiscard]] std::set<std::string> subsystems() const;
  [[nodiscard]] const std::set<std::string>& to_be_searched() const { return to_be_searched_; }
  // By event name, the jobs that ask for it.
  [[nodiscard]] const std::map<std::string, std::set<std::string>>& wanted() const { return wanted_; }
  [[nodiscard]] std::size_t count(std::string_view subsystem) const;

  // These are all devices of these subsystems. Messages up to `number` may have happened before.
  void found(std::set<std::string> subsystems, const std::vector<Device>& devices, std::uint64_t number);
  void happened(const DeviceMessage& message);
  // Messages were lost: all subsystems must be searched.
  void search_again();
  void finished(EventNumber number);

  // The events to be emitted, and what is to be written before, since this was called last.
  [[nodiscard]] std::vector<Event> take_events() { return std::exchange(events_, {}); }
  [[nodiscard]] std::vector<Change> take_changes();
  // Every record, for a store that is written anew.
  void for_each_record(const std::function<void(std::string_view key, std::string_view bytes)>& put) const;

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

  Settings settings_;
  std::map<std::string, std::set<std::string>> by_job_; // the event names of each job
  std::map<std::string, std::set<std::string>> wanted_;
  std::set<std::string> tracked_;  // also by a bridge before
  std::set<std::string> searched_; // by this one: messages about them count
  std::set<std::string> to_be_searched_;
  Devices devices_;
  std::uint64_t searched_up_to_ = 0;
  std::map<EventNumber, Event> unfinished_;
  EventNumber last_event_ = 0;
  std::vector<Event> events_;
  std::set<std::string> changed_; // keys of records
};

} // namespace upstart::udev_bridge
