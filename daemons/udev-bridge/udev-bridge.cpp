#include "daemons/udev-bridge/udev-bridge.hpp"

#include "daemons/base/fault-point.hpp"
#include "daemons/udev-bridge/conditions/device-condition.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <format>

namespace upstart::udev_bridge {

namespace {

constexpr const char* file = "udev-bridge.devices";
constexpr const char* records = "devices of the udev bridge";
constexpr unsigned form = 1;

} // namespace

UdevBridge::UdevBridge(bridge::Services services, const Options& options)
    : services_{services},
      table_{{.strip = options.no_strip ? Strip::nothing : Strip::unprintable,
              .coldplug = !options.no_coldplug,
              .identity = base::random_identity()}},
      monitor_{services.loop,
               options.group,
               {.message = [this](const auto& message) { table_.happened(message); },
                .messages_lost = [this] { table_.search_again(); },
                .turn_over =
                    [this] {
                      search();
                      write_and_emit();
                    }}} {
  restore();
  write_and_emit();
}

UdevBridge::~UdevBridge() { *alive_ = false; }

void UdevBridge::restore() {
  auto path = services_.run_directory + "/" + file;
  auto found = base::RecordStore::open(path, records, form);
  if (!found) return spdlog::error("{}; devices may be told of twice after a restart of this bridge", found.error());
  for (const auto& fault : found->faults) spdlog::warn("{}", fault);
  for (const auto& fault : table_.restore(found->records)) spdlog::warn("{}: {}", path, fault);
  store_.emplace(std::move(found->store));
}

void UdevBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  for (const auto& warning : table_.jobs_changed(update)) spdlog::warn("{}", warning);
  std::erase_if(since_, [this](const auto& entry) { return !table_.wanted().contains(entry.first); });
  for (const auto& [event, jobs] : table_.wanted()) since_.try_emplace(event, std::chrono::system_clock::now());
  auto listening = monitor_.listen_for(table_.subsystems());
  auto fault = listening ? "" : listening.error();
  if (!fault.empty() && fault != fault_) spdlog::error("devices cannot be watched: {}", fault);
  fault_ = fault;
  if (monitor_.waits_for_udev()) spdlog::info("udev does not run; devices are told of when it does");
  search();
  write_and_emit();
}

// The socket listens before: whatever happens meanwhile is in its queue.
void UdevBridge::search() {
  auto subsystems = table_.to_be_searched();
  if (subsystems.empty()) return;
  auto devices = monitor_.devices_of(subsystems);
  table_.found(subsystems, devices, UdevMonitor::last_message());
}

void UdevBridge::write_and_emit() {
  write();
  base::fault_point("udev-bridge.written");
  for (auto& event : table_.take_events()) {
    spdlog::info("emitting the event {} for {}", event.name,
                 protocol::readable(event.environment.get("DEVPATH").value_or("")));
    services_.emitter.emit(
        {.name = event.name, .environment = std::move(event.environment), .token = std::move(event.token)},
        [this, number = event.number](bool) {
          table_.finished(number);
          write_later();
        });
  }
  base::fault_point("udev-bridge.emitted");
}

void UdevBridge::write() {
  write_is_due_ = false;
  if (!store_) return;
  for (const auto& [key, bytes] : table_.take_changes()) {
    if (bytes) store_->put(key, *bytes);
    else store_->erase(key);
  }
  if (!store_->has_unwritten()) return;
  auto written = store_->write([this](const auto& put) { table_.for_each_record(put); });
  if (!written && could_write_)
    spdlog::error("{}; devices may be told of twice after a restart of this bridge", written.error());
  could_write_ = written.has_value();
}

// The ends of events that come in one turn of the loop are one write.
void UdevBridge::write_later() {
  if (std::exchange(write_is_due_, true)) return;
  services_.loop.defer([this, alive = alive_] {
    if (*alive) write();
  });
}

std::vector<bridge::Watch> UdevBridge::watches() const {
  std::vector<bridge::Watch> watches;
  for (const auto& [event, jobs] : table_.wanted()) {
    auto device_event = device_event_of(event);
    auto count = device_event ? table_.count(device_event->subsystem) : 0;
    std::string state = monitor_.waits_for_udev() ? "udev does not run" : std::format("watched, {} devices now", count);
    watches.push_back({.what = event,
                       .state = fault_.empty() ? state : fault_,
                       .since = since_.at(event),
                       .jobs = {jobs.begin(), jobs.end()}});
  }
  return watches;
}

} // namespace upstart::udev_bridge
