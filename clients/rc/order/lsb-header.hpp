// What a script says of itself in its LSB header, the comment between "### BEGIN INIT INFO" and "### END INIT INFO",
// and what the system facilities that it names ($syslog) consist of. Values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::client {

struct LsbHeader {
  std::string description;
  std::vector<std::string> provides = {};
  std::vector<std::string> start_after = {};  // Required-Start, Should-Start
  std::vector<std::string> start_before = {}; // X-Start-Before
  std::vector<std::string> stop_before = {};  // Required-Stop, Should-Stop
  std::vector<std::string> stop_after = {};   // X-Stop-After
  bool is_interactive = false;                // X-Interactive: wants the terminal for itself
};

// Nothing where the text has none.
[[nodiscard]] std::optional<LsbHeader> read_lsb_header(std::string_view text);

// Facility ("$syslog") to the names that it stands for, as insserv.conf says: "$syslog +rsyslog +sysklogd".
using Facilities = std::map<std::string, std::vector<std::string>>;
void add_facilities(std::string_view insserv_conf, Facilities& facilities);

} // namespace upstart::client
