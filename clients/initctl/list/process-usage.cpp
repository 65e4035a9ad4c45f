#include "clients/initctl/list/process-usage.hpp"

#include "clients/base/read-to-end.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/processes/process-stat.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

std::chrono::milliseconds from_ticks(std::uint64_t ticks) {
  static const auto ticks_a_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return std::chrono::milliseconds{ticks * 1000 / ticks_a_second};
}

std::string text_of_file(const std::string& path) {
  base::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return file ? read_to_end(file.get()) : std::string{};
}

} // namespace

std::optional<KnownProcess> process_from_stat(const std::string& text) {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  auto stat = base::parse_process_stat(text);
  if (!stat) return std::nullopt;
  return KnownProcess{.pid = stat->pid,
                      .parent = stat->parent,
                      .session = stat->session,
                      .name = std::string{stat->name},
                      .memory = stat->resident_pages * page,
                      .cpu = from_ticks(stat->processor_ticks),
                      .after_boot = from_ticks(stat->start_ticks)};
}

ProcessTable::ProcessTable(std::vector<KnownProcess> processes) {
  for (auto& process : processes) {
    children_.emplace(process.parent, process.pid);
    processes_.emplace(process.pid, std::move(process));
  }
}

ProcessTable ProcessTable::of_this_machine(const std::string& proc) {
  std::vector<KnownProcess> processes;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{proc, none})
    if (auto name = entry.path().filename().native(); name.find_first_not_of("0123456789") == std::string::npos)
      if (auto process = process_from_stat(text_of_file(entry.path() / "stat")))
        processes.push_back(std::move(*process));
  return ProcessTable{std::move(processes)};
}

const KnownProcess* ProcessTable::find(std::int32_t pid) const {
  auto found = processes_.find(pid);
  return found == processes_.end() ? nullptr : &found->second;
}

void ProcessTable::add_family(const KnownProcess& process, std::vector<const KnownProcess*>& family) const {
  if (std::ranges::contains(family, &process)) return;
  family.push_back(&process);
  auto [begin, end] = children_.equal_range(process.pid);
  for (auto child = begin; child != end; ++child) add_family(*find(child->second), family);
}

std::vector<const KnownProcess*> ProcessTable::family_of(std::int32_t pid) const {
  std::vector<const KnownProcess*> family;
  const auto* first = find(pid);
  if (first == nullptr) return family;
  add_family(*first, family);
  if (first->session == pid) // those that have left their parents
    for (const auto& process : processes_ | std::views::values)
      if (process.session == pid) add_family(process, family);
  return family;
}

std::optional<Usage> ProcessTable::usage_of(const std::vector<std::int32_t>& pids) const {
  std::vector<const KnownProcess*> all;
  for (auto pid : pids)
    for (const auto* process : family_of(pid))
      if (!std::ranges::contains(all, process)) all.push_back(process);
  if (all.empty()) return std::nullopt;
  Usage usage{.processes = all.size()};
  for (const auto* process : all) {
    usage.memory += process->memory;
    usage.cpu += process->cpu;
  }
  return usage;
}

std::string shown_size(std::uint64_t bytes) {
  auto size = static_cast<double>(bytes) / 1024;
  for (const char* unit : {"K", "M", "G"}) {
    if (size < 1000) return unit[0] == 'K' ? std::format("{:.0f}K", size) : std::format("{:.1f}{}", size, unit);
    size /= 1024;
  }
  return std::format("{:.1f}T", size);
}

} // namespace upstart::client
