#include "daemons/job-supervisor/options.hpp"

#include <CLI/CLI.hpp>

#include <array>

namespace upstart::supervisor {

std::optional<DaemonOptions> parse_command_line(int argc, char** argv, int& exit_status) {
  DaemonOptions line;
  bool no_log = false, no_inherit = false, no_groups = false, no_startup = false, system = false;
  CLI::App app{"Runs the jobs of Upstart: reads job files, moves jobs through their states as events come, supervises "
               "their processes.\n"
               "Started by init; not meant to be run by hand."};
  app.name("upstart-job-supervisor");
  app.set_version_flag("--version", "upstart-job-supervisor (upstart " UPSTART_VERSION ")");
  app.add_option("--run-directory", line.run_directory, "directory of the daemons' sockets")->required();
  app.add_option("--private-address", line.private_address, "D-Bus address at which clients are served");
  auto* mode = app.add_option_group("mode", "what kind of instance this is");
  mode->add_flag("--user", line.user_session, "a user's session");
  mode->add_flag("--session", line.session_bus, "like the system's, on the session bus");
  mode->add_flag("--system", system, "the system's (default)");
  mode->require_option(0, 1);
  app.add_option("--confdir", line.directories, "directory of job files; repeatable, in order of precedence");
  app.add_option("--logdir", line.log_directory, "directory of console logs");
  app.add_flag("--no-log", no_log, "no console logs");
  app.add_option("--default-console", line.default_console, "console of jobs that say nothing")
      ->check(CLI::IsMember(std::array<std::string, 5>{"none", "log", "logged", "output", "owner"}));
  app.add_option("--startup-event", line.startup_event, "event emitted when all job files are loaded");
  app.add_flag("--no-startup-event", no_startup, "emit none");
  app.add_flag("--no-inherit-env", no_inherit, "a session's jobs do not inherit init's environment");
  app.add_flag("--no-cgroups", no_groups, "make no control groups");
  app.add_option("--bus", line.bus_address, "D-Bus address of the bus to join");
  app.add_option("--init-pid", line.init_pid, "process id of init");
  app.add_flag("--restarted", line.restarted, "takes over from one that died");
  app.add_flag("--debug", line.debug, "say what is done");
  app.add_flag("-v,--verbose", line.verbose, "say more");
  app.add_flag("-q,--quiet", line.quiet, "say only errors");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_status = app.exit(error) == 0 ? 0 : 1;
    return std::nullopt;
  }
  if (no_log) line.log_directory.clear();
  if (no_startup) line.startup_event.clear();
  line.inherit_environment = line.user_session && !no_inherit;
  line.control_groups = !no_groups;
  return line;
}

} // namespace upstart::supervisor
