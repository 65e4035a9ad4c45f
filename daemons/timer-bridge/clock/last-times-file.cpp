#include "daemons/timer-bridge/clock/last-times-file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>

namespace upstart::timer_bridge {

TimerTable::LastTimes LastTimesFile::read() const {
  TimerTable::LastTimes times;
  std::ifstream file{path()};
  std::int64_t seconds = 0;
  std::string condition;
  while (file >> seconds && file.get() == ' ' && std::getline(file, condition))
    times.insert_or_assign(condition, WallTime{std::chrono::seconds{seconds}});
  return times;
}

std::expected<void, std::string> LastTimesFile::write(const TimerTable::LastTimes& times) {
  if (times == written_) return {};
  const auto before = read();
  auto all = before;
  auto oldest = std::chrono::system_clock::now() - longest_unknown;
  std::erase_if(all, [&](const auto& line) {
    bool was_own = sharing_ == Sharing::alone || (written_ && written_->contains(line.first));
    return was_own || line.second < oldest;
  });
  for (const auto& [condition, time] : times) all.insert_or_assign(condition, time);
  if (all == before) {
    written_ = times;
    return {};
  }
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  auto temporary = std::format("{}.{}", path(), ::getpid());
  std::ofstream file{temporary};
  for (const auto& [condition, time] : all) file << time.time_since_epoch().count() << ' ' << condition << '\n';
  file.close();
  if (!file || std::rename(temporary.c_str(), path().c_str()) < 0) {
    auto problem = std::format("unable to write {}: {}", path(), std::strerror(errno));
    std::filesystem::remove(temporary, error);
    return std::unexpected(problem);
  }
  written_ = times;
  return {};
}

std::string state_directory(const std::optional<std::string>& home) {
  if (!home) return ::geteuid() == 0 ? "/var/lib/upstart" : "/var/lib/upstart/bridge";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return std::string{state} + "/upstart";
  return *home + "/.local/state/upstart";
}

} // namespace upstart::timer_bridge
