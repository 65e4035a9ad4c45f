#include "daemons/udev-bridge/core/device-table.hpp"

#include "daemons/base/bytes.hpp"
#include "daemons/bridge/conditions/variables.hpp"
#include "daemons/udev-bridge/conditions/device-condition.hpp"

#include <algorithm>
#include <charconv>
#include <format>

namespace upstart::udev_bridge {

namespace {

// Keys of records: what they are, then whose.
constexpr char of_subsystem = 's', of_device = 'd', of_event = 'e';

std::string key(char kind, std::string_view whose) { return std::format("{}{}", kind, whose); }
std::string key(DeviceTable::EventNumber number) { return std::format("{}{}", of_event, number); }

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

std::string bytes_of(const DeviceTable::Event& event) {
  std::string bytes;
  base::ByteWriter to{bytes};
  to.text(event.name);
  to.texts(event.environment.strings());
  to.text(event.token);
  return bytes;
}

} // namespace

std::vector<std::string> DeviceTable::restore(const std::map<std::string, std::string>& records) {
  std::vector<std::string> faults;
  for (const auto& [name, bytes] : records) {
    if (name.empty()) continue;
    base::ByteReader from{bytes};
    auto whose = std::string_view{name}.substr(1);
    if (name.front() == of_subsystem) tracked_.emplace(whose);
    if (name.front() == of_device) {
      auto device = read_device(from);
      auto path = device.path;
      devices_[path] = {std::move(device), from.truth()};
      if (!from.outcome()) devices_.erase(path);
    }
    if (name.front() == of_event) {
      Event event;
      std::from_chars(whose.data(), whose.data() + whose.size(), event.number);
      event.name = from.text();
      event.environment = protocol::Environment{from.texts()};
      event.token = from.text();
      if (from.outcome()) unfinished_[event.number] = std::move(event);
    }
    if (auto outcome = from.outcome(); !outcome && name.front() != of_subsystem)
      faults.push_back(std::format("a record of {} is passed over: {}", whose, outcome.error()));
  }
  for (const auto& [number, event] : unfinished_) {
    last_event_ = std::max(last_event_, number);
    events_.push_back(event);
  }
  return faults;
}

std::vector<std::string> DeviceTable::jobs_changed(const bridge::ConditionsUpdate& update) {
  std::vector<std::string> warnings;
  for (const auto& job : update.gone) by_job_.erase(job);
  for (const auto& [job, matches] : update.changed) {
    auto& events = by_job_[job];
    events.clear();
    for (const auto& match : matches) {
      auto event = device_event_of(match.event);
      if (!event) continue; // somebody else's
      if (auto condition = parse_condition(*event, match.arguments)) events.insert(match.event);
      else
        warnings.push_back(
            bridge::describe(condition.error(), job, match.event, "no device is waited for because of it"));
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
    changed_.insert(key(of_subsystem, subsystem));
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

std::size_t DeviceTable::count(std::string_view subsystem) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(devices_, [&](const auto& known) { return known.second.device.subsystem == subsystem; }));
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
    if (tracked_.insert(subsystem).second) changed_.insert(key(of_subsystem, subsystem));
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
  else devices_[device.path] = {device, told};
  changed_.insert(key(of_device, device.path));
  emit(device, message.action);
}

// `tell`: or else it counts as told.
void DeviceTable::added(const Device& device, bool tell) {
  bool wanted = wanted_.contains(event_name(device.subsystem, "add"));
  devices_[device.path] = {device, !tell || wanted};
  changed_.insert(key(of_device, device.path));
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
    changed_.insert(key(of_device, path));
    if (settings_.coldplug) emit(known.device, "add");
  }
}

DeviceTable::Devices::iterator DeviceTable::forget(Devices::iterator known) {
  changed_.insert(key(of_device, known->first));
  return devices_.erase(known);
}

void DeviceTable::emit(const Device& device, std::string_view action) {
  auto name = event_name(device.subsystem, action);
  if (!wanted_.contains(name)) return;
  auto number = ++last_event_;
  Event event{.number = number,
              .name = std::move(name),
              .environment = environment_of(device, action, settings_.strip),
              .token = std::format("{}:{}", settings_.identity, number)};
  changed_.insert(key(number));
  events_.push_back(event);
  unfinished_.emplace(number, std::move(event));
}

void DeviceTable::finished(EventNumber number) {
  if (unfinished_.erase(number) > 0) changed_.insert(key(number));
}

std::vector<DeviceTable::Change> DeviceTable::take_changes() {
  std::vector<Change> changes;
  for (const auto& name : std::exchange(changed_, {})) {
    std::optional<std::string> bytes;
    auto whose = name.substr(1);
    if (name.front() == of_subsystem && tracked_.contains(whose)) bytes = "";
    if (auto known = devices_.find(whose); name.front() == of_device && known != devices_.end())
      bytes = bytes_of(known->second.device, known->second.told);
    if (name.front() == of_event) {
      EventNumber number = 0;
      std::from_chars(whose.data(), whose.data() + whose.size(), number);
      if (auto event = unfinished_.find(number); event != unfinished_.end()) bytes = bytes_of(event->second);
    }
    changes.push_back({name, std::move(bytes)});
  }
  return changes;
}

void DeviceTable::for_each_record(const std::function<void(std::string_view, std::string_view)>& put) const {
  for (const auto& subsystem : tracked_) put(key(of_subsystem, subsystem), "");
  for (const auto& [path, known] : devices_) put(key(of_device, path), bytes_of(known.device, known.told));
  for (const auto& [number, event] : unfinished_) put(key(number), bytes_of(event));
}

} // namespace upstart::udev_bridge
