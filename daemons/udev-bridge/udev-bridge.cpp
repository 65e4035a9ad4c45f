#include "daemons/udev-bridge/udev-bridge.hpp"

#include "daemons/udev-bridge/conditions/device-condition.hpp"

#include <spdlog/spdlog.h>

#include <format>

namespace upstart::udev_bridge {

namespace {

constexpr unsigned form_of_records = 1;

} // namespace

UdevBridge::UdevBridge(bridge::Services services, const Options& options)
    : warnings_{services.warnings},
      memory_{services.loop, services.emitter, services.own_directory, "udev-bridge", form_of_records},
      table_{{.strip = options.no_strip ? Strip::nothing : Strip::unprintable, .coldplug = !options.no_coldplug},
             memory_,
             memory_.records()},
      monitor_{services.loop,
               options.group,
               {.message = [this](const auto& message) { table_.happened(message); },
                .messages_lost = [this] { table_.search_again(); },
                .turn_over = [this] { search(); }}} {}

void UdevBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  warnings_.tell(table_.jobs_changed(update));
  std::erase_if(since_, [this](const auto& entry) { return !table_.wanted().contains(entry.first); });
  for (const auto& [event, jobs] : table_.wanted()) since_.try_emplace(event, std::chrono::system_clock::now());
  auto listening = monitor_.listen_for(table_.subsystems());
  auto fault = listening ? "" : listening.error();
  if (!fault.empty() && fault != fault_) spdlog::error("devices cannot be watched: {}", fault);
  fault_ = fault;
  if (monitor_.waits_for_udev()) spdlog::info("udev does not run; devices are told of when it does");
  search();
}

// The socket listens before: whatever happens meanwhile is in its queue.
void UdevBridge::search() {
  auto subsystems = table_.to_be_searched();
  if (subsystems.empty()) return;
  auto devices = monitor_.devices_of(subsystems);
  table_.found(subsystems, devices, UdevMonitor::last_message());
}

std::vector<bridge::Watch> UdevBridge::watches() const {
  std::vector<bridge::Watch> watches;
  for (const auto& [event, jobs] : table_.wanted()) {
    const auto* state = monitor_.waits_for_udev() ? "udev does not run" : "watched";
    watches.push_back({.what = "event " + event,
                       .state = memory_.with_losses(fault_.empty() ? state : fault_),
                       .since = since_.at(event),
                       .jobs = {jobs.begin(), jobs.end()}});
  }
  return watches;
}

} // namespace upstart::udev_bridge
