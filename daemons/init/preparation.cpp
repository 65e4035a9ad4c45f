#include "daemons/init/preparation.hpp"

#include "daemons/base/listen.hpp"
#include "daemons/init/configuration/directories.hpp"
#include "daemons/init/notify/notify-socket.hpp"
#include "daemons/init/processes/programs.hpp"
#include "daemons/init/run-directory/bridge-access.hpp"
#include "daemons/init/run-directory/own-bus.hpp"
#include "daemons/init/run-directory/own-directory.hpp"
#include "protocol/names.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

namespace upstart::init {

namespace {

using base::FileDescriptor;
using protocol::Environment;
using Fault = std::string;

constexpr const char* system_bus_address = "unix:path=/run/dbus/system_bus_socket";
constexpr const char* machine_path = "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin"; // of its jobs
constexpr const char* default_path = "/usr/local/bin:/usr/bin:/bin";

// What the manager of init itself, if any, meant for init and not for its daemons.
Environment own_environment() {
  std::vector<std::string> strings;
  for (char** entry = environ; *entry != nullptr; ++entry) strings.emplace_back(*entry);
  Environment result{strings};
  for (const char* key :
       {"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"})
    result.unset(key);
  return result;
}

std::expected<void, Fault> check_mode(Mode mode) {
  if (mode != Mode::system || ::getpid() == 1) return {};
  return std::unexpected("not process 1");
}

std::optional<std::string> private_address(Mode mode) {
  if (mode == Mode::system) return protocol::address::system;
  if (mode == Mode::session) return std::nullopt;
  return protocol::session_address(::getuid(), ::getpid());
}

// The bus that is there, or will be without init.
std::expected<std::optional<std::string>, Fault> given_bus(const Options& options, const Environment& environment) {
  if (options.no_dbus) return std::nullopt;
  if (options.mode == Mode::system)
    return variable(environment, "DBUS_SYSTEM_BUS_ADDRESS").value_or(system_bus_address);
  auto address = variable(environment, "DBUS_SESSION_BUS_ADDRESS");
  if (!address && options.mode == Mode::session)
    return std::unexpected("--session needs the address of the session bus in DBUS_SESSION_BUS_ADDRESS");
  return address;
}

std::vector<std::string> existing_job_directories(const Options& options, const Environment& environment) {
  auto result = job_directories(options, environment);
  std::erase_if(result, [](const std::string& directory) {
    return directory == "/etc/event.d" && !std::filesystem::exists(directory);
  });
  return result;
}

bool is_variable(const std::string& word) {
  auto end_of_key = word.find('=');
  return end_of_key != std::string::npos && end_of_key > 0 && !word.starts_with('-');
}

// Whether what a container is to run is one of its jobs: a name without a slash that a job file has, and no words but
// variables for it. All else is a command.
bool is_job(const std::vector<std::string>& words, const std::vector<std::string>& directories) {
  if (words.empty() || words.front().empty() || words.front().starts_with('-') || words.front().contains('/'))
    return false;
  if (!std::ranges::all_of(words.begin() + 1, words.end(), is_variable)) return false;
  return std::ranges::any_of(directories, [&](const std::filesystem::path& directory) {
    const char* suffix = directory.filename() == "event.d" ? "" : ".conf";
    std::error_code error;
    return std::filesystem::is_regular_file(directory / (words.front() + suffix), error);
  });
}

std::expected<void, Fault> find_programs(const Options& options, LaunchSpecs& specs) {
  for (auto daemon : {Daemon::broker, Daemon::supervisor}) { // bridges are looked for when they are wanted
    auto found = find_daemon(entry(daemon).program, options.daemon_directory);
    if (!found) return std::unexpected(found.error());
    spec_of(specs, daemon).program = *found;
  }
  return {};
}

// An address that nobody can take in advance.
std::string unpredictable(const std::string& address) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, GRND_NONBLOCK) < 0) number = static_cast<std::uint64_t>(std::rand());
  return std::format("{}/{:016x}", address, number);
}

// A process that was killed gives its sockets up a moment after its locks.
std::expected<FileDescriptor, Fault> listen_again(const std::string& address) {
  constexpr int attempts = 50;
  constexpr std::chrono::milliseconds between{10};
  auto socket = base::listen_at(address);
  for (int attempt = 1; !socket && attempt < attempts; ++attempt) {
    std::this_thread::sleep_for(between);
    socket = base::listen_at(address);
  }
  return socket;
}

// Abstract names are anybody's, and what they will be can be foreseen: where one is taken, the session has another,
// which its session file tells. The jobs of a session that is gone on with know the address it had.
std::expected<FileDescriptor, Fault> listen_privately(const Log& log, const std::optional<SessionRecord>& earlier,
                                                      std::string& address) {
  if (earlier && earlier->address.starts_with(protocol::address::session_prefix))
    if (auto socket = listen_again(earlier->address)) {
      address = earlier->address;
      return std::move(*socket);
    }
  auto socket = base::listen_at(address);
  if (socket) return socket;
  auto other = unpredictable(address);
  auto second = base::listen_at(other);
  if (!second) return socket;
  log.warning("{}; listening at {} instead", socket.error(), other);
  address = other;
  return second;
}

bool has_socket(const LaunchSpec& spec, const std::string& name) {
  return std::ranges::any_of(spec.sockets, [&](const auto& socket) { return socket.first == name; });
}

std::expected<void, Fault> make_sockets(const Log& log, const std::optional<SessionRecord>& earlier, Run& run,
                                        LaunchSpecs& specs) {
  for (auto daemon : all_daemons())
    for (const auto& [name, address] : entry(daemon).sockets(run)) {
      if (has_socket(spec_of(specs, daemon), name)) continue;
      auto socket = name == protocol::socket_name::session ? listen_privately(log, earlier, *run.private_address)
                                                           : base::listen_at(address);
      if (!socket) return std::unexpected(socket.error());
      spec_of(specs, daemon).sockets.emplace_back(name, std::move(*socket));
    }
  return {};
}

// Those that an init before has listened at; where the table has changed since then, the others are made, or closed.
void take_sockets(HandedState& handed, Run& run, LaunchSpecs& specs) {
  run.goes_on = handed.goes_on;
  run.executed_anew = true;
  if (!handed.private_address.empty()) run.private_address = handed.private_address;
  for (auto& daemon : handed.daemons)
    for (auto& [name, fd] : daemon.sockets) {
      FileDescriptor socket{std::exchange(fd, -1)};
      for (auto one : all_daemons())
        if (entry(one).program == daemon.program) spec_of(specs, one).sockets.emplace_back(name, std::move(socket));
    }
}

RunDirectory::Places places(const Environment& environment) {
  return {.runtime = variable(environment, "XDG_RUNTIME_DIR"),
          .temporary = variable(environment, "TMPDIR").value_or("/tmp")};
}

Run plan(const Options& options, const Environment& environment, const RunDirectory& directory) {
  return {.options = options,
          .directory = directory.path(),
          .runtime_directory = options.mode == Mode::user ? variable(environment, "XDG_RUNTIME_DIR") : std::nullopt,
          .job_directories = existing_job_directories(options, environment),
          .log_directory = log_directory(options, environment),
          .private_address = private_address(options.mode),
          .bus_address = std::nullopt,
          .init_pid = ::getpid(),
          .goes_on = directory.left_by().has_value()};
}

// A container may keep root from being anybody else; nothing is gained there by another account, either.
bool may_be_others() {
  return std::ranges::all_of(std::array{CAP_CHOWN, CAP_SETUID, CAP_SETGID},
                             [](int capability) { return ::prctl(PR_CAPBSET_READ, capability) == 1; });
}

std::optional<Account> bridge_account(Mode mode) {
  if (mode != Mode::system || ::geteuid() != 0 || !may_be_others()) return std::nullopt;
  std::ifstream file{"/etc/passwd"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  return account_in(text, protocol::bridge_account);
}

// Bridges that need no root have an account of their own on a system where there was one at its start: daemons of an
// init before would not let them in.
void plan_bridge_account(const Log& log, bool executed_anew, Run& run) {
  auto account = bridge_account(run.options.mode);
  if (!account || (executed_anew && !are_admitted(run.directory, *account))) return;
  run.bridge_account = account;
  std::vector<std::string> sockets{"notify"}, bridges;
  for (auto daemon : {Daemon::broker, Daemon::supervisor})
    for (const auto& socket : entry(daemon).sockets(run))
      if (socket.name != protocol::socket_name::session) sockets.push_back(socket.name + ".sock");
  for (const auto& bridge : protocol::bridges)
    if (!bridge.needs_root) bridges.emplace_back(bridge.name);
  auto admitted = admit_bridges(run.directory, *run.bridge_account, sockets, bridges);
  if (admitted) return;
  log.warning("{}; all bridges run as root", admitted.error());
  run.bridge_account.reset();
}

// Run by root, dbus-daemon wants to have 65536 open files. Where that may not be, as in many containers, it says so as
// if something were wrong.
bool bus_would_complain() {
  constexpr rlim_t wanted = 65'536;
  rlimit limit{};
  return ::geteuid() == 0 && ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < wanted &&
         ::prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 0;
}

// A session that no bus was given for has one of its own.
void plan_own_bus(const Log& log, Run& run, LaunchSpec& bus, Environment& environment) {
  if (run.options.mode != Mode::user || run.options.no_dbus || run.bus_address) return;
  auto program = find_in_path(entry(Daemon::bus).program, variable(environment, "PATH").value_or(default_path));
  if (!program) {
    log.warning("no dbus-daemon in PATH: this session has no bus");
    return;
  }
  bus.program = *program;
  run.bus_would_complain = bus_would_complain();
  run.bus_address = own_bus_address(run.directory);
  auto initctl = find_daemon("initctl", std::nullopt);
  if (!initctl) initctl = find_in_path("initctl", variable(environment, "PATH").value_or(default_path)).value_or("");
  if (!initctl->empty()) run.bus_configuration = write_own_bus_configuration(run.directory, *initctl);
  environment.set("DBUS_SESSION_BUS_ADDRESS", *run.bus_address);
}

void say_what_was_found(const Log& log, const Run& run, const std::optional<SessionRecord>& earlier) {
  if (earlier)
    log.warning("init ({}) and its daemons were killed, and jobs of theirs run: going on with that session",
                earlier->pid);
  if (auto weakness = run.runtime_directory ? weakness_of(*run.runtime_directory) : ""; !weakness.empty())
    log.warning("XDG_RUNTIME_DIR is not safe: {}", weakness);
}

void say_what_is_missing(const Log& log, const Run& run) {
  if (run.options.mode != Mode::user) return;
  if (!run.runtime_directory)
    log.warning("XDG_RUNTIME_DIR is not set: no session file is written; reach this session with UPSTART_SESSION={}",
                *run.private_address);
  if (!run.log_directory && !run.options.no_log)
    log.warning("neither XDG_CACHE_HOME nor HOME is set: jobs are not logged");
}

// The system's may be on a file system that is not mounted yet.
void make_log_directory(const Log& log, const Run& run) {
  if (run.options.mode != Mode::user || !run.log_directory) return;
  std::error_code error;
  std::filesystem::create_directories(*run.log_directory, error);
  if (error)
    log.warning("unable to make the log directory {}: {}; what jobs print is kept, and lost when it becomes too much",
                *run.log_directory, error.message());
}

void complete_environment(const Run& run, const std::string& notify_path, Environment& environment) {
  environment.set("NOTIFY_SOCKET", notify_path);
  if (run.options.mode == Mode::system) {
    if (!run.options.container || !variable(environment, "PATH")) environment.set("PATH", machine_path);
    if (!variable(environment, "TERM")) environment.set("TERM", "linux");
  }
  if (run.options.mode == Mode::user) environment.set("UPSTART_SESSION", *run.private_address);
}

} // namespace

std::vector<std::string> job_directories_in_force(const Options& options) {
  return existing_job_directories(options, own_environment());
}

std::expected<Preparation, std::string> prepare(const Options& options, const Log& log,
                                                const std::vector<std::string>& command_line,
                                                std::optional<HandedState> handed) {
  auto environment = own_environment();
  if (auto allowed = check_mode(options.mode); !allowed) return std::unexpected(allowed.error());
  auto bus = given_bus(options, environment);
  if (!bus) return std::unexpected(bus.error());
  LaunchSpecs specs;
  if (auto found = find_programs(options, specs); !found) return std::unexpected(found.error());
  auto record = SessionRecord::of_this_process(existing_job_directories(options, environment));
  auto directory = handed ? RunDirectory::taken_over(handed->directory, std::exchange(handed->lock, -1))
                          : RunDirectory::make(options.mode, places(environment), record);
  if (!directory) return std::unexpected(directory.error());
  auto run = plan(options, environment, *directory);
  run.bus_address = *bus;
  if (options.container && is_job(options.command, run.job_directories))
    run.container_job = std::exchange(run.options.command, {});
  if (handed) take_sockets(*handed, run, specs);
  if (auto made = make_sockets(log, directory->left_by(), run, specs); !made) return std::unexpected(made.error());
  record.address = run.private_address.value_or("");
  if (auto written = record.write(run.directory); !written) return std::unexpected(written.error());
  auto notify_path = run.directory + "/notify";
  auto notify = handed ? FileDescriptor{std::exchange(handed->notify_socket, -1)} : NotifySocket::bind(notify_path);
  if (!notify) return std::unexpected(notify.error());
  plan_bridge_account(log, handed.has_value(), run);
  plan_own_bus(log, run, spec_of(specs, Daemon::bus), environment);
  if (!handed) {
    say_what_was_found(log, run, directory->left_by());
    say_what_is_missing(log, run);
    make_log_directory(log, run);
    directory->admit_daemons();
  }
  complete_environment(run, notify_path, environment);
  return Preparation{std::move(*directory), std::move(run), std::move(environment), std::move(specs),
                     std::move(*notify),    command_line,   std::move(handed)};
}

} // namespace upstart::init
