// A container for a test: a machine whose init may not mount anything, and has only a /run to write to.
#pragma once

#include "integration-tests/boot/machine.hpp"

#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace upstart::test {

// As a container's manager leaves it: everything is mounted, the root read-only, and no capability to change that.
inline bool enclose() {
  return ::mknod("/dev/null", S_IFCHR | 0666, ::makedev(1, 3)) == 0 &&
         ::mount("proc", "/proc", "proc", 0, nullptr) == 0 && ::mount("run", "/run", "tmpfs", 0, nullptr) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0 &&
         ::prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) == 0;
}

inline Machine::Options container(std::map<std::string, std::string> jobs, std::vector<std::string> options) {
  return {.jobs = std::move(jobs), .init_options = std::move(options), .inside = enclose, .has_terminal = false};
}

inline constexpr const char* service = "start on startup\nconsole none\nexec sleep 1000\n";

inline void await_service(Machine& machine) {
  machine.await("svc runs", [&] { return !machine.main_process("svc").empty(); });
}

} // namespace upstart::test
