#include "clients/reboot/machine.hpp"

#include <linux/reboot.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <ranges>

namespace upstart::client {

namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

int command_for(PowerAction action) {
  switch (action) {
  case PowerAction::reboot: return RB_AUTOBOOT;
  case PowerAction::halt: return RB_HALT_SYSTEM;
  case PowerAction::power_off: break;
  }
  return RB_POWER_OFF;
}

} // namespace

void RealMachine::sync() { ::sync(); }

std::error_code RealMachine::perform(PowerAction action, const std::string& argument) {
  if (argument.empty() || action != PowerAction::reboot) ::reboot(command_for(action));
  else ::syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART2, argument.c_str());
  return last_error();
}

std::error_code RealMachine::execute(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::error_code error;
  auto beside = std::filesystem::read_symlink("/proc/self/exe", error).replace_filename(words.front());
  if (!error) ::execv(beside.c_str(), arguments.data());
  ::execvp(arguments[0], arguments.data());
  return last_error();
}

} // namespace upstart::client
