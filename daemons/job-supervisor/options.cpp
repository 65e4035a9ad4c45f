#include "daemons/job-supervisor/options.hpp"

#include <CLI/CLI.hpp>

#include <array>

namespace upstart::supervisor {

void declare_options(CLI::App& app, DaemonOptions& options) {
  app.add_option("--private-address", options.private_address, "D-Bus address at which clients are served");
  auto* user = app.add_flag("--user", options.user_session, "the instance is a user's session");
  auto* session = app.add_flag("--session", options.session_bus, "it is like the system's, on the session bus");
  app.add_flag("--system", options.system, "it is the system's (default)")->excludes(user)->excludes(session);
  session->excludes(user);
  app.add_option("--confdir", options.directories, "directory of job files; repeatable, in order of precedence");
  app.add_option("--logdir", options.log_directory, "directory of console logs");
  app.add_flag("--no-log", options.no_log, "no console logs");
  app.add_flag("--log-to-stdout", options.log_to_stdout,
               "what jobs print goes to standard output, with the job in front");
  app.add_option("--default-console", options.default_console, "console of jobs that say nothing")
      ->check(CLI::IsMember(std::array<std::string, 5>{"none", "log", "logged", "output", "owner"}));
  app.add_option("--startup-event", options.startup_event, "event emitted when all job files are loaded");
  app.add_flag("--no-startup-event", options.no_startup_event, "emit none");
  app.add_flag("--no-inherit-env", options.no_inherit_environment,
               "jobs of a session or a container do not inherit init's environment");
  app.add_flag("--no-cgroups", options.no_control_groups, "make no control groups");
  app.add_option("--init-pid", options.init_pid, "process id of init");
  app.add_option("--bridge-user", options.bridge_user, "user whose processes are bridges that need no root")
      ->type_name("UID");
  app.add_flag("--restarted", options.restarted, "takes over from one that died");
  app.add_flag("--container", options.container, "of a container, which may end");
  app.add_option("--container-job", options.container_job, "job that the container is there for, and ends with");
  app.add_option("--container-job-variable", options.container_job_environment, "KEY=VALUE for it; repeatable");
  app.add_flag("--await-name", options.await_name, "be ready when the name on the bus is owned, or in a second");
  app.add_flag("--executed-anew", options.executed_anew, "init was executed anew: clients are told");
  app.add_flag("--no-memory", options.no_memory,
               "write nothing down, to measure what that costs: jobs are forgotten if this process dies");
}

void complete(DaemonOptions& options, const base::CommonOptions& common) {
  options.run_directory = common.run_directory;
  options.bus_address = common.bus;
  options.debug = common.verbosity == base::Verbosity::debug;
  if (options.no_log) options.log_directory.clear();
  if (options.no_startup_event) options.startup_event.clear();
  options.inherit_environment = (options.user_session || options.container) && !options.no_inherit_environment;
  options.control_groups = !options.no_control_groups;
}

} // namespace upstart::supervisor
