#include "daemons/init/configuration/options.hpp"

#include "daemons/base/command-line/wrong-command-line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace upstart::init {

namespace {

constexpr const char* description = "Event-based process management daemon: process 1, or the leader of a session.";
constexpr const char* footer =
    "Environment: UPSTART_CONFDIR and UPSTART_LOGDIR stand for --confdir and --logdir where these are not given.\n"
    "A session reads, in this order: $XDG_CONFIG_HOME/upstart, $HOME/.init, upstart in each of $XDG_CONFIG_DIRS, "
    "/usr/share/upstart/sessions. Everything else: init(8).";

// Collected apart from Options, since -q, -v and --debug are three flags for one value.
struct Flags {
  bool user = false;
  bool session = false;
  bool container = false;
  bool quiet = false;
  bool verbose = false;
  bool debug = false;
};

void add_mode(CLI::App& app, Flags& flags) {
  auto* user = app.add_flag("--user", flags.user, "lead a user's session");
  auto* session = app.add_flag("--session", flags.session, "use the session bus only, no private socket");
  user->excludes(session);
  app.add_flag("--container", flags.container,
               "be process 1 of a container; a job or a command after -- is run in it, and ends it")
      ->excludes(user)
      ->excludes(session);
}

void add_directories(CLI::App& app, Options& options) {
  auto directory = [&](const char* name, std::vector<std::string>& into, const char* help) {
    app.add_option(name, into, help)
        ->type_name("DIR")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  directory("--confdir", options.confdirs, "read job files from this directory instead (repeatable)");
  directory("--prepend-confdir", options.prepended_confdirs, "read job files from this directory first (repeatable)");
  directory("--append-confdir", options.appended_confdirs, "read job files from this directory last (repeatable)");
  app.add_option("--logdir", options.logdir, "write the logs of jobs to this directory")->type_name("DIR");
  app.add_option("--daemon-directory", options.daemon_directory)->group("");
  app.add_option_function<unsigned>(
         "--watchdog",
         [&options](unsigned milliseconds) { options.watchdog = std::chrono::milliseconds{milliseconds}; })
      ->group("");
}

void add_behaviour(CLI::App& app, Options& options) {
  app.add_flag("--no-log", options.no_log, "do not log the output of jobs");
  app.add_flag("--log-to-stdout", options.log_to_stdout,
               "write what jobs print to standard output, each line with its job in front");
  app.add_option("--default-console", options.default_console,
                 "console of jobs that do not say: log, output, owner or none")
      ->type_name("VALUE")
      ->check(CLI::IsMember({"log", "logged", "output", "owner", "none"}));
  auto* event = app.add_option("--startup-event", options.startup_event, "emit this event first, instead of startup")
                    ->type_name("EVENT");
  app.add_flag("--no-startup-event", options.no_startup_event, "emit no event at the start")->excludes(event);
  app.add_flag("--no-dbus", options.no_dbus, "neither join nor start a D-Bus bus");
  app.add_flag("--no-inherit-env", options.no_inherit_env, "jobs do not inherit the environment of init");
  app.add_flag("--no-cgroups", options.no_cgroups, "leave control groups alone");
}

void add_verbosity(CLI::App& app, Flags& flags) {
  app.add_flag("-q,--quiet", flags.quiet, "say only what went wrong");
  app.add_flag("-v,--verbose", flags.verbose, "say more");
  app.add_flag("--debug", flags.debug, "say what is done at every step");
}

Mode mode_of(const Flags& flags) {
  if (flags.user) return Mode::user;
  return flags.session ? Mode::session : Mode::system;
}

Verbosity verbosity_of(const Flags& flags) {
  if (flags.debug) return Verbosity::debug;
  if (flags.verbose) return Verbosity::verbose;
  return flags.quiet ? Verbosity::quiet : Verbosity::normal;
}

} // namespace

std::expected<Options, Answer> read_options(const std::vector<std::string>& arguments, bool process_1,
                                            std::size_t help_width) {
  Options options;
  Flags flags;
  CLI::App app{description, "init"};
  base::fold_help(app, help_width);
  app.footer(footer);
  app.set_help_flag("-h,--help", "print this help and exit");
  app.set_version_flag("--version", "init (upstart " UPSTART_VERSION ")", "print the version and exit");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_mode(app, flags);
  add_directories(app, options);
  add_behaviour(app, options);
  add_verbosity(app, flags);
  app.allow_extras(process_1);
  auto own_end = std::ranges::find(arguments, "--");
  try {
    std::vector<std::string> own{arguments.begin(), own_end};
    app.parse(std::vector<std::string>{own.rbegin(), own.rend()}); // CLI11 takes them last first
  } catch (const CLI::CallForHelp&) {
    if (!process_1) return std::unexpected(Answer{app.help(), 0});
  } catch (const CLI::CallForVersion& version) {
    if (!process_1) return std::unexpected(Answer{std::string{version.what()} + "\n", 0});
  } catch (const CLI::ParseError& error) {
    if (!process_1) return std::unexpected(Answer{base::wrong_command_line(app, error, "init"), 1});
  }
  options.mode = mode_of(flags);
  options.container = flags.container;
  if (own_end != arguments.end()) options.command.assign(own_end + 1, arguments.end());
  options.verbosity = verbosity_of(flags);
  return options;
}

} // namespace upstart::init
