// What reboot, halt and poweroff do to the machine. Behind an interface, so that tests see which call would be made.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace upstart::client {

enum class PowerAction : std::uint8_t { reboot, halt, power_off };

class Machine {
public:
  virtual ~Machine() = default;
  // Writes what is not on the disks yet.
  virtual void sync() = 0;
  // The system call; returns if it failed only. An argument that is not empty is handed to the machine on a reboot.
  // Within a PID namespace it ends that: by SIGHUP for a reboot, by SIGINT else.
  virtual std::error_code perform(PowerAction action, const std::string& argument) = 0;
  // Becomes that program, which is looked for beside this one, then in PATH; returns if it failed only.
  virtual std::error_code execute(const std::vector<std::string>& words) = 0;
};

class RealMachine final : public Machine {
public:
  void sync() override;
  std::error_code perform(PowerAction action, const std::string& argument) override;
  std::error_code execute(const std::vector<std::string>& words) override;
};

} // namespace upstart::client
