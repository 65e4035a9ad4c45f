#include "daemons/init/configuration/daemon-table.hpp"

#include "protocol/names.hpp"

#include <format>

namespace upstart::init {

namespace {

namespace socket_name = protocol::socket_name;
using Arguments = std::vector<std::string>;

Socket own_socket(const Run& run, const char* name) { return {name, protocol::daemon_address(run.directory, name)}; }

void add(Arguments& arguments, const char* option, const std::optional<std::string>& value) {
  if (value) arguments.insert(arguments.end(), {option, *value});
}

void add_flag(Arguments& arguments, const char* option, bool given) {
  if (given) arguments.emplace_back(option);
}

void add_verbosity(Arguments& arguments, const Run& run) {
  add_flag(arguments, "--debug", run.options.verbosity == Verbosity::debug);
  add_flag(arguments, "--verbose", run.options.verbosity == Verbosity::verbose);
}

const char* mode_option(Mode mode) {
  switch (mode) {
  case Mode::user: return "--user";
  case Mode::session: return "--session";
  default: return "--system";
  }
}

Arguments common_arguments(const Run& run, bool) {
  Arguments result{"--run-directory", run.directory};
  add(result, "--bus", run.bus_address);
  add_verbosity(result, run);
  return result;
}

// Who else than this user may ask the daemon for what bridges need.
void add_bridge_user(Arguments& arguments, const Run& run) {
  if (run.bridge_account) add(arguments, "--bridge-user", std::to_string(run.bridge_account->user));
}

Arguments broker_arguments(const Run& run, bool again) {
  auto result = common_arguments(run, again);
  add_bridge_user(result, run);
  return result;
}

void add_container_job(Arguments& arguments, const std::vector<std::string>& job) {
  for (std::size_t i = 0; i < job.size(); ++i)
    add(arguments, i == 0 ? "--container-job" : "--container-job-variable", job[i]);
}

Arguments supervisor_arguments(const Run& run, bool again) {
  const auto& options = run.options;
  again = again || run.goes_on;
  Arguments result{"--run-directory", run.directory, mode_option(options.mode)};
  add(result, "--private-address", run.private_address);
  for (const auto& directory : run.job_directories) add(result, "--confdir", directory);
  if (run.log_directory) add(result, "--logdir", run.log_directory);
  else result.emplace_back("--no-log");
  add_flag(result, "--log-to-stdout", options.log_to_stdout);
  add(result, "--default-console", options.default_console);
  if (run.goes_on || options.no_startup_event) result.emplace_back("--no-startup-event");
  else add(result, "--startup-event", options.startup_event);
  add_flag(result, "--no-inherit-env", options.no_inherit_env);
  add_flag(result, "--no-cgroups", options.no_cgroups);
  add(result, "--bus", run.bus_address);
  // The session's own bus holds calls until the supervisor is there; a machine's may come long after it.
  add_flag(result, "--await-name", run.bus_address && !run.bus_configuration && options.mode != Mode::system);
  add(result, "--init-pid", std::to_string(run.init_pid));
  add_bridge_user(result, run);
  add_flag(result, "--restarted", again);
  add_flag(result, "--executed-anew", run.executed_anew);
  add_flag(result, "--container", options.container);
  add_container_job(result, run.container_job);
  add_verbosity(result, run);
  add_flag(result, "--quiet", options.verbosity == Verbosity::quiet); // the others say no more by themselves
  return result;
}

std::vector<Socket> supervisor_sockets(const Run& run) {
  std::vector<Socket> result{own_socket(run, socket_name::supervisor)};
  if (run.private_address) result.push_back({socket_name::session, *run.private_address});
  return result;
}

Arguments bus_arguments(const Run& run, bool) {
  auto configuration = run.bus_configuration ? "--config-file=" + *run.bus_configuration : "--session";
  const char* log = run.bus_would_complain ? "--syslog-only" : "--nosyslog";
  return {configuration, "--nofork", "--nopidfile", log, "--address=" + own_bus_address(run.directory)};
}

// One socket of its own, under its name, and the common options.
DaemonEntry plain_daemon(const char* name, Arguments (*arguments)(const Run&, bool), bool needs_root = true) {
  return {.program = std::string{"upstart-"} + name,
          .sockets = [name](const Run& run) { return std::vector{own_socket(run, name)}; },
          .arguments = arguments,
          .needs_root = needs_root};
}

std::vector<DaemonEntry> make_table() {
  std::vector<DaemonEntry> table{
      {.program = "dbus-daemon",
       .sockets = [](const Run&) { return std::vector<Socket>{}; },
       .arguments = bus_arguments},
      plain_daemon(socket_name::broker, broker_arguments),
      {.program = "upstart-job-supervisor", .sockets = supervisor_sockets, .arguments = supervisor_arguments}};
  for (const auto& bridge : protocol::bridges)
    table.push_back(plain_daemon(bridge.name, common_arguments, bridge.needs_root));
  return table;
}

constexpr std::array<Daemon, daemon_count> make_order() {
  std::array<Daemon, daemon_count> order{};
  for (std::size_t place = 0; place < order.size(); ++place) order[place] = static_cast<Daemon>(place);
  return order;
}
constexpr auto order = make_order();

// What may stand unescaped in a D-Bus address, as its specification says.
bool stands_for_itself(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
         std::string_view{"-_/.\\*"}.contains(byte);
}

} // namespace

std::span<const Daemon> all_daemons() { return order; }
std::span<const Daemon> all_bridges() { return all_daemons().subspan(static_cast<std::size_t>(Daemon::bridge)); }
std::span<const Daemon> own_daemons() { return all_daemons().subspan(static_cast<std::size_t>(Daemon::broker)); }

std::optional<Daemon> bridge_of_name(std::string_view name) {
  return protocol::bridge_of_name(name).transform([](std::size_t place) { return all_bridges()[place]; });
}

const DaemonEntry& entry(Daemon daemon) {
  static const auto table = make_table();
  return table[static_cast<std::size_t>(daemon)];
}

std::string own_bus_address(const std::string& run_directory) {
  std::string result = "unix:path=";
  for (char byte : run_directory + "/bus") {
    if (stands_for_itself(byte)) result += byte;
    else result += std::format("%{:02x}", static_cast<unsigned char>(byte));
  }
  return result;
}

} // namespace upstart::init
