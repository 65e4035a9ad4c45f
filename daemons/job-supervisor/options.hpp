// The command line of upstart-job-supervisor, as init gives it.
#pragma once

#include "daemons/base/program/daemon-main.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace upstart::supervisor {

struct DaemonOptions {
  std::string run_directory;
  std::string private_address;          // where clients connect; empty: no private socket (init --session)
  bool user_session = false;            // init --user
  bool session_bus = false;             // init --session
  std::vector<std::string> directories; // of job files, in order of precedence
  std::string log_directory;            // empty: console logs go nowhere
  bool log_to_stdout = false;           // they go to standard output, too
  std::string default_console = "log";
  std::string startup_event = "startup"; // empty: none
  bool inherit_environment = true;
  bool control_groups = true;
  std::string bus_address;
  int init_pid = 0;
  std::optional<uid_t> bridge_user; // whose processes are bridges that need no root
  bool restarted = false;           // another one ran before under the same init
  bool container = false;           // init is process 1, but may end
  std::string container_job;        // with which the container ends; empty: none
  std::vector<std::string> container_job_environment;
  bool executed_anew = false; // init was, and this supervisor tells its clients
  bool await_name = false;    // on the bus, before it says that it is ready
  bool no_memory = false;     // what happens is forgotten with this process
  bool debug = false;

  // As given: complete() works them in.
  bool no_log = false, no_startup_event = false, no_inherit_environment = false, no_control_groups = false,
       system = false;
};

// Declares the options that only this daemon has; they are in `options` when the command line has been read.
void declare_options(CLI::App& app, DaemonOptions& options);
// What follows from the options taken together, and from those that every daemon has.
void complete(DaemonOptions& options, const base::CommonOptions& common);

} // namespace upstart::supervisor
