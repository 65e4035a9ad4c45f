#include "daemons/bridge/own-directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace upstart::bridge {

std::string own_directory(const std::string& run_directory, const std::string& bridge) {
  auto own = run_directory + "/" + bridge;
  struct stat status{};
  bool is_ours = ::lstat(own.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
  return is_ours ? own : run_directory;
}

} // namespace upstart::bridge
