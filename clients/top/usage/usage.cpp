#include "clients/top/usage/usage.hpp"

#include "clients/base/read-to-end.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/processes/process-stat.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <format>
#include <ranges>
#include <system_error>
#include <utility>

namespace upstart::top {

namespace {

std::string read_file(const std::string& path) {
  base::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return file ? client::read_to_end(file.get()) : std::string{};
}

std::vector<std::uint64_t> numbers_in(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  for (auto word : text | std::views::split(' ')) {
    std::string_view digits{word};
    std::uint64_t number = 0;
    if (digits.empty()) continue;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    numbers.push_back(number);
  }
  return numbers;
}

// Each of them has children of its own.
std::vector<std::string> threads_of(const std::string& directory, int process, std::uint64_t count) {
  if (count <= 1) return {std::format("{}/task/{}", directory, process)};
  std::vector<std::string> threads;
  std::error_code error;
  for (std::filesystem::directory_iterator it{directory + "/task", error}, end; !error && it != end;
       it.increment(error))
    threads.push_back(it->path());
  return threads;
}

void add(Usage& usage, const std::string& proc, int process, int depth) {
  constexpr int deepest = 64; // a process tree that changes while it is read may look like a circle
  if (depth > deepest) return;
  auto directory = std::format("{}/{}", proc, process);
  auto text = read_file(directory + "/stat");
  auto stat = base::parse_process_stat(text);
  if (!stat) return;
  static const auto tick = std::chrono::microseconds{1'000'000 / ::sysconf(_SC_CLK_TCK)};
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.cpu += tick * static_cast<std::int64_t>(stat->processor_ticks);
  usage.memory += page * stat->resident_pages;
  for (const auto& thread : threads_of(directory, process, stat->threads))
    for (auto child : numbers_in(read_file(thread + "/children")))
      if (child > 0) add(usage, proc, static_cast<int>(child), depth + 1);
}

} // namespace

Usage usage_of(std::span<const int> processes, const std::string& proc) {
  Usage usage;
  for (int process : processes) add(usage, proc, process, 0);
  return usage;
}

void CpuMeter::look(Clock::time_point now) {
  last_ = std::exchange(present_, {});
  last_time_ = std::exchange(present_time_, now);
}

double CpuMeter::percent(const std::string& name, std::chrono::microseconds cpu) {
  present_[name] = cpu;
  auto before = last_.find(name);
  auto time = std::chrono::duration<double>{present_time_ - last_time_}.count();
  if (before == last_.end() || before->second > cpu || time <= 0) return 0;
  return std::chrono::duration<double>{cpu - before->second}.count() / time * 100;
}

} // namespace upstart::top
