#include "daemons/job-supervisor/process/instances/process-services.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <format>
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

// SIGPIPE is ignored by every daemon, at the latest before it has work to do.
SignalSet ignored_signals() {
  SignalSet ignored;
  ignored.add(SIGPIPE);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction now{};
    if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) ignored.add(signal);
  }
  return ignored;
}

SpawnDefaults defaults_of(const ProcessOptions& options) {
  return {.console = options.default_console,
          .user_session = options.user_session,
          .container = options.container,
          .inherit_environment = options.inherit_environment,
          .debug = options.debug,
          .apparmor = apparmor_is_on(),
          .set_groups = ::geteuid() == 0,
          .ignored_signals = ignored_signals(),
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
      children{loop, options.run_directory.empty() ? "" : options.run_directory + "/ended-children", options.init_pid},
      started{options.run_directory.empty() ? "" : options.run_directory + "/started-children"},
      kept{options.warn},
      notify_sockets{options.run_directory, options.user_session, kept},
      groups{options.control_groups},
      strays{children, options.run_directory.empty() ? "" : options.run_directory + "/stray-processes"},
      left{loop},
      logs{loop, options.log_directory, options.run_directory, kept, options.warn, options.warn_of_job},
      adoption_time_{loop, [this] { finish_adoption(); }} {
  struct Kept {
    const char *file, *lost;
    int error;
  };
  for (const auto& [file, lost, error] :
       {Kept{"ended-children", "how a job ended in that moment may be unknown", children.ends().error()},
        Kept{"started-children", "a process that it was starting may not be found", started.error()}})
    if (error != 0)
      warn(std::format("{}/{}: {}; if the job supervisor dies, {}", options.run_directory, file, std::strerror(error),
                       lost));
  if (options.log_to_stdout) logs.copy_to(STDOUT_FILENO);
  children.on_swept([this] { groups.remove_empty(); });
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
    warn(std::string{"cannot become a child subreaper ("} + std::strerror(errno) +
         "); processes that jobs leave behind are not found");
}

void ProcessServices::inherit(std::multimap<std::string, base::FileDescriptor>& inherited) {
  constexpr std::chrono::seconds longest_search{3};
  if (auto exits = inherited.find(base::orphan_exits_name); exits != inherited.end()) {
    children.inherit(std::move(exits->second));
    inherited.erase(exits);
  }
  kept.inherit(inherited);
  logs.recover();
  strays.recover();
  adoption_time_.start(longest_search);
}

// Output that processes still write whose instance has gone goes to its log.
void ProcessServices::finish_adoption() {
  for (auto& rest : kept.take_rest()) logs.take_up_rest(std::move(rest));
  notify_sockets.remove_rest();
}

ProcessServices::~ProcessServices() { strays.finish(); }

} // namespace upstart::supervisor
