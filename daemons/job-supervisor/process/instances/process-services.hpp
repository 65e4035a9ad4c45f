// What the processes of all instances share: the children of this process, its control groups, the console logs, and
// the defaults of every spawn. Owned by RealProcesses; it must outlive every instance.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/process/adoption/kept-descriptors.hpp"
#include "daemons/job-supervisor/process/children/children.hpp"
#include "daemons/job-supervisor/process/children/started-children.hpp"
#include "daemons/job-supervisor/process/ending/left-processes.hpp"
#include "daemons/job-supervisor/process/ending/stray-processes.hpp"
#include "daemons/job-supervisor/process/groups/job-group.hpp"
#include "daemons/job-supervisor/process/logs/console-log.hpp"
#include "daemons/job-supervisor/process/notify/notify-sockets.hpp"
#include "daemons/job-supervisor/process/plan/spawn-plan.hpp"
#include "daemons/job-supervisor/process/readiness/expect-timeouts.hpp"
#include "daemons/job-supervisor/process/spawn/own-groups.hpp"

#include <functional>
#include <map>
#include <string>

namespace upstart::supervisor {

struct ProcessOptions {
  std::string run_directory{}; // what must outlive the supervisor is there; empty: nothing does
  pid_t init_pid = 0;          // to whom orphans come; 0: the parent of this process
  std::string log_directory;   // empty: output of `console log` goes to no file
  bool log_to_stdout = false;  // but to standard output, with the job in front; that of `console output`, too
  Console default_console = Console::log;
  bool user_session = false;
  bool container = false;          // `console output` is the standard output and error of this process
  bool inherit_environment = true; // of a user session: false with --no-inherit-env
  bool debug = false;              // init runs with --debug
  bool control_groups = true;      // false with --no-cgroups
  ExpectTimeouts expect_timeouts{};
  // Takes each warning; without it, standard error does.
  std::function<void(const std::string&)> warn{};
  // Takes those that are about a job as well, without its name, for those who ask why. May be empty.
  std::function<void(const std::string& job, const std::string& what)> warn_of_job{};
};

struct ProcessServices {
  ProcessServices(base::EventLoop& event_loop, ProcessOptions wanted);
  // Kills the stray processes that still had time.
  ~ProcessServices();
  // Takes what was inherited from an earlier supervisor, by way of init. Before processes are adopted.
  void inherit(std::multimap<std::string, base::FileDescriptor>& inherited);
  ProcessServices(const ProcessServices&) = delete;
  ProcessServices& operator=(const ProcessServices&) = delete;

  void warn(const std::string& message) const { options.warn(message); }

  base::EventLoop& loop;
  const ProcessOptions options;
  const SpawnDefaults defaults;
  const base::FileDescriptor null_device;
  OwnGroups own_groups;
  Children children;
  StartedChildren started;
  KeptDescriptors kept;
  NotifySockets notify_sockets;
  JobGroups groups;
  StrayProcesses strays;
  LeftProcesses left;
  ConsoleLogs logs;

private:
  void finish_adoption();
  base::Timer adoption_time_; // what nobody has taken up until then is taken for left over
};

} // namespace upstart::supervisor
