// A message to everybody who is logged in, written on their terminals. Nobody can hold it up: a terminal that takes no
// more is passed over, and what is no terminal is never opened for long.
#pragma once

#include "clients/system-v/system-files.hpp"

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::client {

struct WallSender {
  std::string user, host, terminal;
  // The user, host and terminal of this process; what cannot be found out is empty.
  [[nodiscard]] static WallSender of_this_process();
};

// The text as it is written on a terminal: who sends it, when, and the message with control characters shown as '?'.
[[nodiscard]] std::string wall_text(const WallSender& sender, const std::tm& time, std::string_view message);

// Writes it on the terminals of those who are logged in, as utmp has them; how many took it whole.
int write_to_all(const SystemFiles& files, std::string_view text);

} // namespace upstart::client
