#include "daemons/job-supervisor/process/instances/process-services.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <print>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

bool apparmor_is_on() {
  base::FileDescriptor file{::open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC)};
  char answer = 'N';
  return file && ::read(file.get(), &answer, 1) == 1 && answer == 'Y';
}

// Each running process takes descriptors here; those of jobs get the limit that was found.
std::optional<rlimit> raise_descriptor_limit() {
  rlimit found{};
  if (::getrlimit(RLIMIT_NOFILE, &found) < 0 || found.rlim_cur == found.rlim_max) return std::nullopt;
  rlimit raised{found.rlim_max, found.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) < 0) return std::nullopt;
  return found;
}

ProcessOptions with_warn(ProcessOptions options) {
  if (!options.warn) options.warn = [](const std::string& message) { std::println(stderr, "{}", message); };
  return options;
}

SpawnDefaults defaults_of(const ProcessOptions& options) {
  return {.console = options.default_console,
          .user_session = options.user_session,
          .inherit_environment = options.inherit_environment,
          .debug = options.debug,
          .apparmor = apparmor_is_on(),
          .descriptor_limit = raise_descriptor_limit()};
}

base::FileDescriptor open_null_device() {
  base::FileDescriptor device{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (!device) throw std::runtime_error(std::string{"/dev/null: "} + std::strerror(errno));
  return device;
}

} // namespace

ProcessServices::ProcessServices(base::EventLoop& event_loop, ProcessOptions wanted)
    : loop{event_loop},
      options{with_warn(std::move(wanted))},
      defaults{defaults_of(options)},
      null_device{open_null_device()},
      children{loop},
      groups{options.control_groups},
      strays{children},
      logs{loop, options.log_directory, options.warn} {
  children.on_swept([this] { groups.remove_empty(); });
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
    warn(std::string{"cannot become a child subreaper ("} + std::strerror(errno) +
         "); processes that jobs leave behind are not found");
}

ProcessServices::~ProcessServices() { strays.finish(); }

} // namespace upstart::supervisor
