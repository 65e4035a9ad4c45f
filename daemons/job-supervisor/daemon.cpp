#include "daemons/job-supervisor/daemon.hpp"

#include "daemons/base/program/logging.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/log-level.hpp"
#include "protocol/names.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>

extern char** environ;

namespace upstart::supervisor {

namespace {

constexpr std::chrono::milliseconds first_pause{50};
constexpr std::chrono::milliseconds longest_pause{5000};

// Every console that a default may name; the command line has been checked.
Console console_of(const std::string& name) {
  if (name == "none") return Console::none;
  if (name == "output") return Console::output;
  if (name == "owner") return Console::owner;
  return Console::log;
}

// What this daemon was started with, without what concerns only itself and its manager.
protocol::Environment own_environment() {
  std::vector<std::string> strings;
  for (char** entry = environ; *entry != nullptr; ++entry) strings.emplace_back(*entry);
  protocol::Environment environment{strings};
  for (const char* key : {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "UPSTART_SESSION",
                          "UPSTART_JOB", "UPSTART_INSTANCE"})
    environment.unset(key);
  return environment;
}

} // namespace

Daemon::Daemon(DaemonOptions line)
    : line_{std::move(line)},
      processes_{loop_, process_options()},
      broker_{loop_,
              event_broker_address(),
              {.handle = [this](EventId id, Event event) { jobs_.handle(id, std::move(event)); },
               .finished_elsewhere =
                   [this](const std::string& name, const protocol::Environment& environment) {
                     jobs_.finished_elsewhere(name, environment);
                   }}},
      jobs_{{.processes = processes_, .events = broker_, .clock = clock_, .observer = *this}, job_options()},
      bus_address_{line_.bus_address},
      bus_retry_{loop_, [this] { connect_bus(); }},
      bus_pause_{first_pause},
      bus_warning_{loop_, [this](const std::string& why) {
                     spdlog::warn("not on the bus at {}: {}; trying again", bus_address_, why);
                   }} {
  open_log();
}

Daemon::~Daemon() = default;

JobManager::Options Daemon::job_options() const {
  return {.own_environment = own_environment(),
          .inherit_environment = line_.inherit_environment,
          .session_address = line_.user_session ? line_.private_address : ""};
}

ProcessOptions Daemon::process_options() const {
  return {.log_directory = line_.log_directory,
          .default_console = console_of(line_.default_console),
          .user_session = line_.user_session,
          .inherit_environment = line_.inherit_environment,
          .debug = line_.debug,
          .control_groups = line_.control_groups,
          .warn = [](const std::string& message) { spdlog::warn("{}", message); }};
}

void Daemon::open_log() const {
  base::open_log("job-supervisor", line_.debug     ? spdlog::level::trace
                                   : line_.verbose ? spdlog::level::debug
                                   : line_.quiet   ? spdlog::level::err
                                                   : spdlog::level::info);
}

int Daemon::run() {
  listen();
  watch_signals();
  if (!bus_address_.empty()) connect_bus();
  configuration_ = std::make_unique<Configuration>(
      loop_, line_.directories, [this](const std::vector<ClassChange>& changes) { jobs_.apply(changes); },
      [](const std::string& diagnostic) { spdlog::error("{}", diagnostic); });
  configuration_->load();
  base::notify_manager("READY=1");
  if (!line_.startup_event.empty() && !line_.restarted)
    jobs_.emit({.name = line_.startup_event, .environment = {}, .files = {}}, {});
  loop_.run();
  return exit_status_;
}

// --- clients --------------------------------------------------------------------------------------------------------

void Daemon::listen() {
  auto inherited = base::inherited_descriptors();
  if (!line_.private_address.empty())
    private_server_ = serve(inherited, protocol::socket_name::session, line_.private_address, clients_);
  own_server_ = serve(inherited, protocol::socket_name::supervisor,
                      protocol::daemon_address(line_.run_directory, protocol::socket_name::supervisor), bridges_);
}

std::unique_ptr<base::PeerServer> Daemon::serve(std::multimap<std::string, base::FileDescriptor>& inherited,
                                                const char* name, const std::string& address, Clients& among) {
  base::FileDescriptor listening;
  if (auto found = inherited.find(name); found != inherited.end()) {
    listening = std::move(found->second);
  } else if (auto made = base::listen_at(address)) {
    listening = std::move(*made);
  } else {
    spdlog::error("{}", made.error());
    return nullptr;
  }
  return std::make_unique<base::PeerServer>(
      loop_, std::move(listening), [this, &among](auto connection) { add_client(std::move(connection), among); },
      [this](uid_t user) { return is_master(user); }, [](const std::string& trouble) { spdlog::warn("{}", trouble); });
}

void Daemon::add_client(std::unique_ptr<base::BusConnection> connection, Clients& among) {
  auto place = among.insert(among.end(), std::make_unique<ClientConnection>(std::move(connection), jobs_, *this));
  (*place)->connection().on_disconnected([&among, place] { among.erase(place); });
}

// Root, and of a session its own user.
bool Daemon::is_master(uid_t user) const {
  return user == 0 || (user == ::geteuid() && (line_.user_session || line_.session_bus));
}

bool Daemon::may_change(const base::Caller& caller) const { return is_master(caller.uid); }

// --- the bus --------------------------------------------------------------------------------------------------------

std::expected<void, CommandError> Daemon::join_bus(const std::string& address) {
  if (is_process_1())
    return std::unexpected(
        CommandError{protocol::error_name::permission_denied, "Not permissible to notify D-Bus address for PID 1"});
  // Once connected, further addresses are accepted and ignored.
  if (bus_ != nullptr) return {};
  bus_address_ = address;
  broker_.join_bus(address);
  connect_bus();
  return {};
}

void Daemon::connect_bus() {
  if (bus_ != nullptr || bus_address_.empty()) return;
  bus_retry_.stop();
  bus_handshake_ = base::Handshake::to_bus(loop_, bus_address_, [this](auto outcome) {
    loop_.defer([handshake = std::shared_ptr{std::move(bus_handshake_)}] {}); // it is on the stack
    if (outcome) bus_connected(std::move(*outcome));
    else bus_lost(outcome.error());
  });
}

void Daemon::bus_connected(std::unique_ptr<base::BusConnection> connection) {
  bus_pause_ = first_pause;
  bus_warning_.recovered();
  auto place = clients_.insert(clients_.end(), std::make_unique<ClientConnection>(std::move(connection), jobs_, *this));
  bus_ = place->get();
  auto& bus = bus_->connection();
  bus.on_disconnected([this, place] {
    bus_ = nullptr;
    clients_.erase(place);
    bus_lost("the bus hung up");
  });
  // Without waiting for the answer: the bus may be slow, the jobs are not.
  sd_bus_request_name_async(
      bus.raw(), nullptr, protocol::bus_name::upstart, 0,
      [](sd_bus_message* reply, void* self, sd_bus_error*) {
        std::uint32_t granted = 0;
        bool owner = sd_bus_message_is_method_error(reply, nullptr) == 0 &&
                     sd_bus_message_read(reply, "u", &granted) >= 0 && granted == 1;
        if (!owner) static_cast<Daemon*>(self)->name_taken();
        return 0;
      },
      this);
  for_all([](auto& client) { client.bus_address_changed(); });
}

void Daemon::name_taken() {
  spdlog::critical("the name {} on the bus is taken: another Upstart serves it", protocol::bus_name::upstart);
  // Where the bus is the only way in, there is nothing left to serve.
  if (!line_.session_bus) return;
  exit_status_ = 1;
  base::notify_manager("STOPPING=1");
  loop_.stop();
}

void Daemon::bus_lost(const std::string& why) {
  spdlog::debug("not on the bus at {}: {}", bus_address_, why);
  bus_warning_.failing(why);
  bus_retry_.start(bus_pause_);
  bus_pause_ = std::min(bus_pause_ * 2, longest_pause);
}

// --- control --------------------------------------------------------------------------------------------------------

void Daemon::watch_signals() {
  auto on = [this](int signal, std::function<void()> action) {
    signals_.push_back(std::make_unique<base::SignalWatcher>(loop_, signal, std::move(action)));
  };
  on(SIGTERM, [this] { begin_session_end("shutdown", false); });
  on(SIGINT, [this] { begin_session_end("shutdown", false); });
  on(SIGHUP, [this] { reload_configuration(); });
  on(SIGUSR1, [this] { connect_bus(); });
}

void Daemon::reload_configuration() {
  spdlog::debug("reloading configuration");
  configuration_->load();
}

std::string Daemon::state_as_json() { return dump_state(jobs_); }

void Daemon::restart() {
  throw sdbus::Error{sdbus::Error::Name{"org.freedesktop.DBus.Error.NotSupported"},
                     "Re-execution is asked of init: send it SIGTERM"};
}

void Daemon::logs_writable() { processes_.logs_writable(); }

void Daemon::end_session() { begin_session_end("logout", true); }

void Daemon::begin_session_end(const std::string& type, bool grace) {
  if (jobs_.session_is_ending()) return;
  base::notify_manager("STOPPING=1");
  jobs_.end_session(type, grace);
}

std::string Daemon::log_priority() const {
  auto level = spdlog::get_level();
  auto found = std::ranges::find(log_priorities, level, [](const auto& row) { return row.second; });
  return std::string{found != log_priorities.end() ? found->first : "message"};
}

bool Daemon::set_log_priority(const std::string& priority) {
  auto found = std::ranges::find(log_priorities, priority, [](const auto& row) { return row.first; });
  if (found == log_priorities.end()) return false;
  spdlog::set_level(found->second);
  return true;
}

// --- what happens ---------------------------------------------------------------------------------------------------

void Daemon::for_all(const std::function<void(ClientConnection&)>& tell) {
  for (auto& client : clients_) tell(*client);
  for (auto& bridge : bridges_) tell(*bridge);
}
void Daemon::job_added(const std::string& job) {
  for (auto& client : clients_) client->job_added(job);
}
void Daemon::job_removed(const std::string& job) {
  for (auto& client : clients_) client->job_removed(job);
}
void Daemon::instance_added(const std::string& job, const std::string& instance) {
  for (auto& client : clients_) client->instance_added(job, instance);
}
void Daemon::instance_removed(const std::string& job, const std::string& instance) {
  for (auto& client : clients_) client->instance_removed(job, instance);
}
void Daemon::goal_changed(const std::string& job, const std::string& instance, Goal goal) {
  for (auto& client : clients_) client->goal_changed(job, instance, goal);
}
void Daemon::state_changed(const std::string& job, const std::string& instance, State state) {
  spdlog::trace("{}{}{} is {}", job, instance.empty() ? "" : "/", instance, name_of(state));
  for (auto& client : clients_) client->state_changed(job, instance, state);
}
void Daemon::failed(const std::string& job, const std::string& instance, int status) {
  for (auto& client : clients_) client->failed(job, instance, status);
}
void Daemon::event_emitted(const std::string& name, const protocol::Environment& environment) {
  for (auto& client : clients_) client->event_emitted(name, environment);
}
void Daemon::conditions_changed(const std::string& event, const std::string& job, const EventExpression& start_on,
                                const EventExpression& stop_on) {
  for_all([&](auto& client) { client.conditions_changed(event, job, start_on, stop_on); });
}
void Daemon::activity_changed(const std::string& job, std::size_t active) {
  for_all([&](auto& client) { client.activity_changed(job, active); });
}
void Daemon::session_ended() { loop_.stop(); }

} // namespace upstart::supervisor
