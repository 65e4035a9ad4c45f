// The times of the wall clock that each timer had last, in the state directory: by them the next start of the machine
// knows what was missed. A line for each: seconds since 1970, a blank, the condition. The system's Upstart has it
// alone; several sessions of one user share it, and each changes its own lines, and those that are so old that no
// session can be thought to need them.
#pragma once

#include "daemons/timer-bridge/core/timer-table.hpp"

#include <expected>
#include <optional>
#include <string>

namespace upstart::timer_bridge {

class LastTimesFile {
public:
  enum class Sharing { alone, with_others };

  // After this long, the line of a condition that the writer does not know is dropped where others share the file.
  static constexpr std::chrono::days longest_unknown{31};

  // In this directory, which is made when there is something to write.
  LastTimesFile(std::string directory, Sharing sharing) : directory_{std::move(directory)}, sharing_{sharing} {}

  // Empty where there is no file; lines that cannot be understood are left out.
  [[nodiscard]] TimerTable::LastTimes read() const;
  // What is there now: written in place of what was there before, as one change, if it differs. The error names the
  // file.
  std::expected<void, std::string> write(const TimerTable::LastTimes& times);

private:
  [[nodiscard]] std::string path() const { return directory_ + "/timers"; }

  std::string directory_;
  Sharing sharing_;
  std::optional<TimerTable::LastTimes> written_{};
};

// $XDG_STATE_HOME/upstart or ~/.local/state/upstart of a session, whose home directory this is; else /var/lib/upstart,
// and of a bridge that is not root's /var/lib/upstart/bridge.
[[nodiscard]] std::string state_directory(const std::optional<std::string>& home);

} // namespace upstart::timer_bridge
