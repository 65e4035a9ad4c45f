#include "clients/system-v/other-init.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace upstart::client {

int systemd_signal_for(char runlevel, const std::vector<std::string>& environment) {
  constexpr int default_target = 0, rescue = 1, halt = 3, power_off = 4, reboot = 5;
  if (runlevel == '6') return reboot;
  if (runlevel == '0') return std::ranges::contains(environment, "INIT_HALT=HALT") ? halt : power_off;
  return runlevel == '1' || runlevel == 'S' ? rescue : default_target;
}

bool systemd_is_process_1() {
  std::ifstream file{"/proc/1/comm"};
  std::string name;
  std::error_code error;
  return std::getline(file, name) && name == "systemd" && std::filesystem::is_directory("/run/systemd/system", error);
}

} // namespace upstart::client
