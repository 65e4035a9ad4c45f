#include "daemons/base/service-manager.hpp"

#include <systemd/sd-daemon.h>

#include <cstdlib>

namespace upstart::base {

std::multimap<std::string, FileDescriptor> inherited_descriptors() {
  std::multimap<std::string, FileDescriptor> result;
  char** names = nullptr;
  int count = sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < count; ++i) {
    result.emplace(names[i], FileDescriptor{SD_LISTEN_FDS_START + i});
    std::free(names[i]);
  }
  std::free(names);
  return result;
}

bool notify_manager(const std::string& lines) { return sd_notify(0, lines.c_str()) >= 0; }

bool keep_descriptor(const std::string& name, int fd) {
  return sd_pid_notify_with_fds(0, 0, ("FDSTORE=1\nFDNAME=" + name).c_str(), &fd, 1) >= 0;
}

bool forget_descriptor(const std::string& name) {
  return sd_notify(0, ("FDSTOREREMOVE=1\nFDNAME=" + name).c_str()) >= 0;
}

} // namespace upstart::base
