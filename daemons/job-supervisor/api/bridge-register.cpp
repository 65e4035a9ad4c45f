#include "daemons/job-supervisor/api/bridge-register.hpp"

#include <algorithm>
#include <filesystem>
#include <format>
#include <ranges>
#include <tuple>

namespace upstart::supervisor {

namespace {

AttachedBridge bridge_of(const std::string& program, pid_t pid) {
  constexpr std::string_view prefix = "upstart-", replaced = " (deleted)"; // by an upgrade, while it runs
  std::string name = std::filesystem::path{program}.filename();
  if (name.ends_with(replaced)) name.resize(name.size() - replaced.size());
  bool is_of_upstart = name.starts_with(prefix);
  if (is_of_upstart) name.erase(0, prefix.size());
  return {.name = name, .is_of_upstart = is_of_upstart, .pid = pid, .events = {}};
}

} // namespace

std::string program_of(pid_t pid) {
  std::error_code unknown;
  return std::filesystem::read_symlink(std::format("/proc/{}/exe", pid), unknown);
}

void BridgeRegister::note(const void* connection, pid_t pid, const std::string& event) {
  auto [found, is_new] = bridges_.try_emplace(connection);
  auto& bridge = found->second;
  if (is_new) bridge = bridge_of(program_of_(pid), pid);
  auto place = std::ranges::lower_bound(bridge.events, event);
  if (place == bridge.events.end() || *place != event) bridge.events.insert(place, event);
}

std::vector<AttachedBridge> BridgeRegister::bridges() const {
  auto all = bridges_ | std::views::values | std::ranges::to<std::vector>();
  std::ranges::sort(all, {}, [](const AttachedBridge& bridge) { return std::tie(bridge.name, bridge.pid); });
  return all;
}

} // namespace upstart::supervisor
