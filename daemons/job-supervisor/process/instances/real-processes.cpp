#include "daemons/job-supervisor/process/instances/real-processes.hpp"

#include "daemons/job-supervisor/process/instances/instance-processes.hpp"

#include <cerrno>
#include <cstring>
#include <print>
#include <stdexcept>
#include <sys/prctl.h>

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

RealProcesses::RealProcesses(base::EventLoop& loop, ProcessOptions options)
    : loop_{loop},
      options_{with_warn(std::move(options))},
      defaults_{defaults_of(options_)},
      null_device_{open_null_device()},
      children_{loop},
      groups_{options_.control_groups},
      strays_{children_},
      logs_{loop, options_.log_directory, options_.warn} {
  children_.on_swept([this] { groups_.remove_empty(); });
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
    warn(std::string{"cannot become a child subreaper: "} + std::strerror(errno));
}

RealProcesses::~RealProcesses() { strays_.finish(); }

std::unique_ptr<JobProcesses> RealProcesses::open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                                  ProcessEvents& events) {
  return std::make_unique<InstanceProcesses>(*this, std::move(job_class), std::move(instance), events);
}

void RealProcesses::logs_writable() { logs_.flush(); }

} // namespace upstart::supervisor
