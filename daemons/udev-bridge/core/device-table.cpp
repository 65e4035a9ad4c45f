#include "daemons/udev-bridge/core/device-table.hpp"

#include "daemons/base/bytes.hpp"
#include "daemons/bridge/conditions/variables.hpp"
#include "daemons/udev-bridge/conditions/device-condition.hpp"

#include <algorithm>
#include <format>

namespace upstart::udev_bridge {

namespace {

// Keys of records: what they are, then whose.
constexpr char of_subsystem = 's', of_device = 'd';

std::string key(char kind, std::string_view whose) { return std::format("{}{}", kind, whose); }

void write(base::ByteWriter& to, const Device& device) {
  to.text(device.path);
  to.text(device.subsystem);
  to.text(device.kernel);
  to.text(device.node);
  to.number(device.identity);
  to.texts(device.properties.strings());
}

Device read_device(base::ByteReader& from) {
  Device device;
  device.path = from.text();
  device.subsystem = from.text();
  device.kernel = from.text();
  device.node = from.text();
  device.identity = from.number();
  device.properties = protocol::Environment{from.texts()};
  return device;
}

std::string bytes_of(const Device& device, bool told) {
  std::string bytes;
  base::ByteWriter to{bytes};
  write(to, device);
  to.truth(told);
  return bytes;
}

} // namespace

DeviceTable::DeviceTable(Settings settings, bridge::Memory& memory, const Records& records)
    : settings_{settings}, memory_{memory} {
  std::vector<std::string> unreadable;
  for (const auto& [name, bytes] : records) {
    if (name.starts_with(of_subsystem)) tracked_.insert(name.substr(1));
    if (!name.starts_with(of_device)) continue;
    base::ByteReader from{bytes};
    Known known{.device = read_device(from), .told = from.truth()};
    if (from.outcome()) devices_[known.device.path] = std::move(known);
    else unreadable.push_back(name);
  }
  for (const auto& name : unreadable) memory_.erase(name);
}

std::vector<bridge::ConditionWarning> DeviceTable::jobs_changed(const bridge::ConditionsUpdate& update) {
  std::vector<bridge::ConditionWarning> warnings;
  for (const auto& job : update.gone) by_job_.erase(job);
  for (const auto& [job, matches] : update.changed) {
    auto& events = by_job_[job];
    events.clear();
    for (const auto& match : matches) {
      auto event = device_event_of(match.event);
      if (!event) continue; // somebody else's
      if (auto condition = parse_condition(*event, match.arguments)) events.insert(match.event);
      else warnings.push_back(bridge::describe(condition.error(), job, match, "no device is waited for because of it"));
    }
  }
  track();
  return warnings;
}

void DeviceTable::track() {
  wanted_.clear();
  for (const auto& [job, events] : by_job_)
    for (const auto& event : events) wanted_[event].insert(job);
  auto wanted = subsystems();
  std::erase_if(tracked_, [&](const auto& subsystem) {
    if (wanted.contains(subsystem)) return false;
    memory_.erase(key(of_subsystem, subsystem));
    return true;
  });
  for (auto known = devices_.begin(); known != devices_.end();)
    known = wanted.contains(known->second.device.subsystem) ? std::next(known) : forget(known);
  std::erase_if(to_be_searched_, [&](const auto& subsystem) { return !wanted.contains(subsystem); });
  for (const auto& subsystem : wanted)
    if (!searched_.contains(subsystem)) to_be_searched_.insert(subsystem);
  std::erase_if(searched_, [&](const auto& subsystem) { return !wanted.contains(subsystem); });
  tell_untold();
}

std::set<std::string> DeviceTable::subsystems() const {
  std::set<std::string> subsystems;
  for (const auto& [event, jobs] : wanted_)
    if (auto device_event = device_event_of(event)) subsystems.insert(device_event->subsystem);
  return subsystems;
}

void DeviceTable::search_again() {
  searched_.clear();
  to_be_searched_ = subsystems();
}

void DeviceTable::found(std::set<std::string> subsystems, const std::vector<Device>& devices, std::uint64_t number) {
  searched_up_to_ = std::max(searched_up_to_, number);
  std::set<std::string_view> there;
  for (const auto& device : devices) there.insert(device.path);
  for (auto known = devices_.begin(); known != devices_.end();) {
    const auto& device = known->second.device;
    bool missing = subsystems.contains(device.subsystem) && !there.contains(device.path);
    known = missing ? removed(known) : std::next(known);
  }
  for (const auto& device : devices) {
    if (!subsystems.contains(device.subsystem)) continue;
    auto known = devices_.find(device.path);
    bool another = known != devices_.end() && known->second.device.identity != device.identity;
    if (another) removed(known);
    if (another || known == devices_.end()) added(device, settings_.coldplug || tracked_.contains(device.subsystem));
  }
  for (const auto& subsystem : subsystems) {
    if (tracked_.insert(subsystem).second) memory_.put(key(of_subsystem, subsystem), "");
    searched_.insert(subsystem);
    to_be_searched_.erase(subsystem);
  }
}

void DeviceTable::happened(const DeviceMessage& message) {
  const auto& device = message.device;
  if (!searched_.contains(device.subsystem)) return; // not wanted, or found soon
  auto known = devices_.find(device.path);
  bool before_search = message.number != 0 && message.number <= searched_up_to_;
  if (message.action == "add") {
    if (before_search && known != devices_.end()) return;
    return added(device, true);
  }
  if (message.action == "remove") {
    if (known != devices_.end()) known->second.device.properties.merge(device.properties);
    if (known != devices_.end()) removed(known);
    else if (!before_search) emit(device, message.action);
    return;
  }
  auto former = devices_.find(message.former_path);
  bool is_new = known == devices_.end() && former == devices_.end();
  bool told = (known != devices_.end() && known->second.told) || (former != devices_.end() && former->second.told);
  if (former != devices_.end()) forget(former);
  if (is_new) added(device, true);
  else remember({device, told});
  emit(device, message.action);
}

// `tell`: or else it counts as told.
void DeviceTable::added(const Device& device, bool tell) {
  bool wanted = wanted_.contains(event_name(device.subsystem, "add"));
  remember({device, !tell || wanted});
  if (tell) emit(device, "add");
}

std::map<std::string, DeviceTable::Known>::iterator DeviceTable::removed(Devices::iterator known) {
  emit(known->second.device, "remove");
  return forget(known);
}

void DeviceTable::tell_untold() {
  for (auto& [path, known] : devices_) {
    if (known.told || !wanted_.contains(event_name(known.device.subsystem, "add"))) continue;
    known.told = true;
    memory_.put(key(of_device, path), bytes_of(known.device, true));
    if (settings_.coldplug) emit(known.device, "add");
  }
}

DeviceTable::Devices::iterator DeviceTable::forget(Devices::iterator known) {
  memory_.erase(key(of_device, known->first));
  return devices_.erase(known);
}

void DeviceTable::remember(const Known& known) {
  memory_.put(key(of_device, known.device.path), bytes_of(known.device, known.told));
  devices_[known.device.path] = known;
}

void DeviceTable::emit(const Device& device, std::string_view action) {
  auto name = event_name(device.subsystem, action);
  if (wanted_.contains(name)) memory_.emit(std::move(name), environment_of(device, action, settings_.strip));
}

} // namespace upstart::udev_bridge
