#include "clients/initctl/list/process-usage.hpp"

#include "clients/base/read-to-end.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <format>
#include <ranges>
#include <sstream>

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
  auto open = text.find('('), close = text.rfind(')'); // the name may hold anything
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  KnownProcess process{.name = text.substr(open + 1, close - open - 1)};
  std::istringstream numbers{text.substr(0, open) + text.substr(close + 1)};
  std::string ignored, state;
  std::uint64_t user_ticks = 0, system_ticks = 0, start_ticks = 0, pages = 0;
  std::int64_t signed_ignored = 0;
  numbers >> process.pid >> state >> process.parent >> ignored >> process.session;
  for (int i = 7; i <= 13; ++i) numbers >> signed_ignored; // tty_nr … cmajflt; numbered as in proc(5)
  numbers >> user_ticks >> system_ticks;
  for (int i = 16; i <= 21; ++i) numbers >> signed_ignored; // cutime … itrealvalue
  numbers >> start_ticks >> ignored >> pages;               // vsize between
  if (!numbers) return std::nullopt;
  process.cpu = from_ticks(user_ticks + system_ticks);
  process.after_boot = from_ticks(start_ticks);
  process.memory = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return process;
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
