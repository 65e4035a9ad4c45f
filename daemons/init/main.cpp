#include "daemons/init/directories.hpp"
#include "daemons/init/init.hpp"
#include "daemons/init/programs.hpp"
#include "protocol/listen.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>

using namespace upstart;
using namespace upstart::init;

namespace {

using Fault = std::string;

constexpr const char* system_address = "unix:abstract=/com/ubuntu/upstart";
constexpr const char* system_bus_address = "unix:path=/run/dbus/system_bus_socket";
constexpr const char* default_path = "/usr/local/bin:/usr/bin:/bin";

std::optional<std::string> value_of(const protocol::Environment& environment, const char* key) {
  auto value = environment.get(key);
  if (!value || value->empty()) return std::nullopt;
  return std::string{*value};
}

// The kernel may start process 1 without them, and what is opened next must not be taken for them.
void open_standard_descriptors() {
  while (true) {
    int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
    ::fcntl(fd, F_SETFD, 0);
  }
}

// What the manager of init itself, if any, meant for init and not for its daemons.
protocol::Environment own_environment() {
  std::vector<std::string> strings;
  for (char** entry = environ; *entry != nullptr; ++entry) strings.emplace_back(*entry);
  protocol::Environment result{strings};
  for (const char* key : {"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"})
    result.unset(key);
  return result;
}

std::expected<void, Fault> check_mode(Mode mode) {
  if (mode != Mode::system || ::getpid() == 1) return {};
  if (::geteuid() != 0) return std::unexpected("Need to be root");
  return std::unexpected("not process 1: give --user to lead a user's session, or --session to be on the session bus only");
}

std::optional<std::string> private_address(Mode mode) {
  if (mode == Mode::system) return system_address;
  if (mode == Mode::session) return std::nullopt;
  return std::format("unix:abstract=/com/ubuntu/upstart-session/{}/{}", ::getuid(), ::getpid());
}

// The bus that is there, or will be without our doing.
std::expected<std::optional<std::string>, Fault> given_bus(const Options& options, const protocol::Environment& environment) {
  if (options.no_dbus) return std::nullopt;
  if (options.mode == Mode::system) return value_of(environment, "DBUS_SYSTEM_BUS_ADDRESS").value_or(system_bus_address);
  auto address = value_of(environment, "DBUS_SESSION_BUS_ADDRESS");
  if (!address && options.mode == Mode::session)
    return std::unexpected("--session needs the address of the session bus in DBUS_SESSION_BUS_ADDRESS");
  return address;
}

std::vector<std::string> existing_job_directories(const Options& options, const protocol::Environment& environment) {
  auto result = job_directories(options, environment);
  std::erase_if(result, [](const std::string& directory) { return directory == "/etc/event.d" && !std::filesystem::exists(directory); });
  return result;
}

std::expected<AllMeans, Fault> find_programs(const Options& options) {
  AllMeans result;
  for (auto daemon : {Daemon::broker, Daemon::supervisor, Daemon::bridge}) {
    auto found = find_daemon(entry(daemon).program, options.daemon_directory);
    if (!found) return std::unexpected(found.error());
    result[static_cast<std::size_t>(daemon)].program = *found;
  }
  return result;
}

std::expected<void, Fault> make_sockets(const Run& run, AllMeans& means) {
  for (auto daemon : starting_order)
    for (const auto& [name, address] : entry(daemon).sockets(run)) {
      auto socket = protocol::listen_at(address);
      if (!socket) return std::unexpected(socket.error());
      means[static_cast<std::size_t>(daemon)].sockets.emplace_back(name, std::move(*socket));
    }
  return {};
}

// A session that no bus was given for has one of its own.
void plan_own_bus(const Log& log, Run& run, Means& bus, protocol::Environment& environment) {
  if (run.options.mode != Mode::user || run.options.no_dbus || run.bus_address) return;
  auto program = find_in_path(entry(Daemon::bus).program, value_of(environment, "PATH").value_or(default_path));
  if (!program) {
    log.warning("no dbus-daemon in PATH: this session has no bus");
    return;
  }
  bus.program = *program;
  run.bus_address = own_bus_address(run.directory);
  environment.set("DBUS_SESSION_BUS_ADDRESS", *run.bus_address);
}

std::expected<int, Fault> run_all(const Options& options, const Log& log) {
  auto environment = own_environment();
  if (auto allowed = check_mode(options.mode); !allowed) return std::unexpected(allowed.error());
  auto bus = given_bus(options, environment);
  if (!bus) return std::unexpected(bus.error());
  auto means = find_programs(options);
  if (!means) return std::unexpected(means.error());
  auto runtime = value_of(environment, "XDG_RUNTIME_DIR");
  auto directory = RunDirectory::make(options.mode, runtime, ::getpid());
  if (!directory) return std::unexpected(directory.error());

  Run run{.options = options,
          .directory = directory->path(),
          .runtime_directory = options.mode == Mode::user ? runtime : std::nullopt,
          .job_directories = existing_job_directories(options, environment),
          .log_directory = log_directory(options, environment),
          .private_address = private_address(options.mode),
          .bus_address = *bus,
          .init_pid = ::getpid()};
  if (options.mode == Mode::user && !runtime)
    log.warning("XDG_RUNTIME_DIR is not set: no session file is written; reach this session with UPSTART_SESSION={}", *run.private_address);
  plan_own_bus(log, run, (*means)[static_cast<std::size_t>(Daemon::bus)], environment);
  if (auto made = make_sockets(run, *means); !made) return std::unexpected(made.error());
  auto notify_path = run.directory + "/notify";
  auto notify = NotifySocket::bind(notify_path);
  if (!notify) return std::unexpected(notify.error());
  environment.set("NOTIFY_SOCKET", notify_path);
  if (run.private_address && options.mode == Mode::user) environment.set("UPSTART_SESSION", *run.private_address);

  protocol::EventLoop loop;
  return Init{loop, log, std::move(run), std::move(environment), std::move(*means), std::move(*notify)}.run();
}

} // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  auto options = read_options({argv + 1, argv + argc}, ::getpid() == 1);
  if (!options) {
    std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
    return options.error().status;
  }
  Log log{options->verbosity};
  try {
    auto status = run_all(*options, log);
    if (status) return *status;
    log.error("{}", status.error());
  } catch (const std::exception& fault) {
    log.error("{}", fault.what());
  }
  return 1;
}
