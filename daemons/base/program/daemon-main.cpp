#include "daemons/base/program/daemon-main.hpp"

#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/command-line/wrong-command-line.hpp"
#include "daemons/base/program/heap.hpp"
#include "daemons/base/program/oom-score.hpp"
#include "daemons/base/program/run-directory-lock.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

namespace upstart::base {

namespace {

struct Flags {
  bool quiet = false;
  bool verbose = false;
  bool debug = false;
  [[nodiscard]] Verbosity verbosity() const {
    if (debug) return Verbosity::debug;
    if (verbose) return Verbosity::verbose;
    return quiet ? Verbosity::quiet : Verbosity::normal;
  }
};

void declare_common(CLI::App& app, CommonOptions& options, Flags& flags, bool needs_run_directory) {
  app.set_version_flag("--version", app.get_name() + " (upstart " UPSTART_VERSION ")");
  app.add_option("--run-directory", options.run_directory,
                 "the directory with the daemons' sockets, and with what must survive a restart")
      ->required(needs_run_directory)
      ->type_name("DIR");
  app.add_option("--bus", options.bus, "D-Bus address of the bus to join")->type_name("ADDRESS");
  app.add_flag("-q,--quiet", flags.quiet, "log errors only");
  app.add_flag("-v,--verbose", flags.verbose, "log also what is done");
  app.add_flag("--debug", flags.debug, "log everything");
}

} // namespace

int run_daemon(const DaemonProgram& program, int argc, char** argv) try {
  CLI::App app{program.description, "upstart-" + program.name};
  fold_help(app);
  CommonOptions options;
  Flags flags;
  declare_common(app, options, flags, !program.find_run_directory);
  if (program.declare) program.declare(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << wrong_command_line(app, error, program.name);
    return EXIT_FAILURE;
  }
  if (options.run_directory.empty()) {
    auto found = program.find_run_directory();
    if (!found) {
      std::cerr << program.name << ": " << found.error() << '\n';
      return EXIT_FAILURE;
    }
    options.run_directory = std::move(*found);
  }
  options.verbosity = flags.verbosity();
  open_log(program.name, program.levels.of(options.verbosity));
  std::signal(SIGPIPE, SIG_IGN);
  set_up_heap();
  auto lock = RunDirectoryLock::share(options.run_directory);
  if (!lock && lock.error() == RunDirectoryLock::Refusal::held) {
    spdlog::error("{} is being taken over by another init", options.run_directory);
    return EXIT_FAILURE;
  }
  Heartbeat::take_period_from_environment();
  if (program.vital) avoid_oom_killer();
  return program.run(options);
} catch (const std::exception& error) {
  spdlog::error("{}", error.what());
  return EXIT_FAILURE;
}

DaemonSignals::DaemonSignals(EventLoop& loop, const SignalActions& actions) : heartbeat_{loop} {
  auto watch = [&](int signal, const std::function<void()>& action) {
    if (action) watchers_.emplace_back(loop, signal, action);
  };
  watch(SIGTERM, actions.end);
  watch(SIGINT, actions.end);
  watch(SIGHUP, actions.reload);
  watch(SIGUSR1, actions.connect_now);
}

} // namespace upstart::base
