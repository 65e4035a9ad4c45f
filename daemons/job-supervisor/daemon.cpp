#include "daemons/job-supervisor/daemon.hpp"

#include "daemons/base/files/refused-execution.hpp"
#include "daemons/base/guards/gathered-output.hpp"
#include "daemons/base/guards/input-count.hpp"
#include "daemons/base/log/logging.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/job-supervisor/configuration/condition-place.hpp"
#include "daemons/job-supervisor/configuration/read-job-file.hpp"
#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/log-level.hpp"
#include "daemons/job-supervisor/unknown-job.hpp"
#include "protocol/bridges.hpp"
#include "protocol/kernel-events.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <format>
#include <utility>

extern char** environ;

namespace upstart::supervisor {

namespace {

// Of what is kept: who has not been told yet that init was executed anew, "all" or the "bus"; empty: nobody.
constexpr const char* untold = "restarted-untold";
// Of what is kept: a supervisor has been ready; empty: not yet.
constexpr const char* was_ready = "was-ready";

spdlog::level::level_enum level_of(Severity severity) {
  switch (severity) {
  case Severity::debug: return spdlog::level::debug;
  case Severity::info: return spdlog::level::info;
  case Severity::warning: return spdlog::level::warn;
  case Severity::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Every console that a default may name; the command line has been checked.
Console console_of(const std::string& name) {
  if (name == "none") return Console::none;
  if (name == "output") return Console::output;
  if (name == "owner") return Console::owner;
  return Console::log;
}

// Which jobs there are, and which bridges they ask for, is told when all are there.
bool is_of_interest_while_loading(const Notice& notice) {
  return !std::holds_alternative<notice::JobAdded>(notice) && !std::holds_alternative<notice::BridgesWanted>(notice);
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
      memory_{open_memory()},
      broker_{loop_,
              event_broker_address(),
              {.handle = [this](EventId id, Event event) { socket_wait_.handle(id, std::move(event)); },
               .emission_finished = [this](EmissionId id, bool failed) { jobs_.emission_finished(id, failed); },
               .finished_elsewhere =
                   [this](const std::string& name, const protocol::Environment& environment) {
                     jobs_.finished_elsewhere(name, environment);
                   },
               .finish_confirmed = [this](EventId id) { jobs_.finish_confirmed(id); },
               .attached = [this] { jobs_.broker_attached(); }},
              memory_ ? memory_->memory->identity() : base::random_identity()},
      jobs_{{.processes = processes_,
             .events = broker_,
             .clock = clock_,
             .observer = *this,
             .log = *this,
             .memory = memory_ ? memory_->memory.get() : nullptr},
            job_options()},
      socket_wait_{loop_, jobs_, [this](bool in_time) { sockets_are_there(in_time); }},
      first_load_{loop_, [this] { loaded(); }},
      ready_{loop_, [] { base::notify_manager("READY=1"); }},
      cut_off_{loop_, [](const std::string& text) { spdlog::warn("{}", text); }},
      bus_{loop_,
           jobs_,
           *this,
           has_predecessor(),
           {.joined = [this] { joined_bus(); },
            .name_missing = [this] { go_on_without_name(); },
            .settled = [this] { ready_.name_settled(); }}},
      named_bus_{loop_, jobs_, *this, has_predecessor(), {.joined = [this] { tell_bus_address(); }}},
      signals_{loop_,
               {.end = [this] { end_asked(); },
                .reload = [this] { reload_configuration(); },
                .connect_now = [this] { bus_.try_now(); }}},
      container_job_{loop_, jobs_, line_.container_job, line_.container_job_environment,
                     [this](const std::string& job) { return about_unknown_job(job); }},
      restarted_{loop_, [this] { tell_restarted(); }} {}

Daemon::~Daemon() = default;

Options Daemon::job_options() {
  return {.own_environment = own_environment(),
          .inherit_environment = line_.inherit_environment,
          .session_address = line_.user_session ? line_.private_address : "",
          .settle_configuration = [this] { settle_configuration(); }};
}

ProcessOptions Daemon::process_options() {
  return {.run_directory = line_.run_directory,
          .init_pid = line_.init_pid,
          .log_directory = line_.log_directory,
          .log_to_stdout = line_.log_to_stdout,
          .default_console = console_of(line_.default_console),
          .user_session = line_.user_session,
          .container = line_.container,
          .inherit_environment = line_.inherit_environment,
          .debug = line_.debug,
          .control_groups = line_.control_groups,
          .warn = [](const std::string& message) { spdlog::warn("{}", message); },
          .warn_of_job = [this](const std::string& job, const std::string& what) { jobs_.keep_warning(job, what); }};
}

int Daemon::run() try {
  listen();
  if (!line_.bus_address.empty()) {
    if (line_.await_name) ready_.await_name();
    bus_.join(line_.bus_address);
  }
  make_configuration();
  if (may_load_in_parts()) {
    load_in_parts();
  } else {
    load_at_once();
    loaded();
  }
  loop_.run();
  if (jobs_outlive_it_) leave_to_next(exit_status_);
  return exit_status_;
} catch (const std::exception& error) {
  spdlog::critical("{}", error.what());
  leave_to_next(EXIT_FAILURE);
}

// As one that is killed: nothing is ended or given back, since what init keeps for the jobs (the terminals that they
// write to, their sockets for readiness) is the next one's.
void Daemon::leave_to_next(int status) {
  base::GatheredOutput::flush_all();
  spdlog::default_logger()->flush();
  std::_Exit(status);
}

// All job files have been read.
void Daemon::loaded() {
  auto bridges = jobs_.bridges_wanted();
  tell_bridges(bridges);
  broker_.take_events();
  emit_startup();
  if (waits_for_sockets(bridges)) socket_wait_.begin();
  else be_ready();
}

// Only where somebody starts that bridge, and no supervisor was ready before: the next has the sockets that the last
// was offered. One that died during the wait was not ready; where nothing is remembered, an earlier one counts as
// ready.
bool Daemon::waits_for_sockets(const std::vector<std::string>& bridges) const {
  bool one_was_ready = !jobs_.kept(was_ready).empty() || (line_.restarted && !remembers_);
  return !one_was_ready && std::getenv("NOTIFY_SOCKET") != nullptr &&
         std::ranges::contains(bridges, protocol::socket_bridge);
}

void Daemon::tell_sockets_late() {
  auto what = std::format("upstart-socket-bridge has not offered the sockets of jobs within {} seconds; jobs started "
                          "before then have no sockets until they are restarted",
                          std::chrono::duration_cast<std::chrono::seconds>(SocketWait::longest).count());
  spdlog::warn("{}", what);
  for (const auto* entry : jobs_.conditions().jobs_naming("socket")) jobs_.keep_warning(entry->name(), what);
}

void Daemon::sockets_are_there(bool in_time) {
  if (!in_time) tell_sockets_late();
  be_ready();
  for_each_client([](ClientConnection& client) { client.take_held_calls(); });
  for (auto& peer : bridges_) peer.client.take_held_calls();
}

void Daemon::be_ready() {
  container_job_.begin();
  if (is_of_machine()) watch_kernel_signals();
  if (line_.executed_anew) jobs_.keep(untold, "all"); // who is ready is not told of it again by init
  jobs_.keep(was_ready, "yes");
  ready_.ready();
  if (!jobs_.kept(untold).empty()) restarted_.start(std::chrono::milliseconds{200});
}

// What the kernel tells process 1.
void Daemon::watch_kernel_signals() {
  for (const auto& kernel : protocol::kernel_events)
    kernel_signals_.emplace_back(loop_, kernel.passed_on,
                                 [this, name = kernel.event] { jobs_.emit({.name = name}, {}); });
}

// --- clients --------------------------------------------------------------------------------------------------------

void Daemon::listen() {
  auto inherited = base::inherited_descriptors();
  processes_.inherit(inherited);
  kept_files_ = JournalMemory::kept_files(inherited);
  if (!line_.private_address.empty())
    private_server_ = serve(inherited, protocol::socket_name::session, line_.private_address, clients_);
  own_server_ = serve(inherited, protocol::socket_name::supervisor,
                      protocol::daemon_address(line_.run_directory, protocol::socket_name::supervisor), bridges_);
}

std::unique_ptr<base::PeerServer> Daemon::serve(std::multimap<std::string, base::FileDescriptor>& inherited,
                                                const char* name, const std::string& address, Clients& among) {
  auto own = base::OwnSocket::open(inherited, name, address);
  if (!own) {
    spdlog::error("{}", own.error());
    return nullptr;
  }
  return std::make_unique<base::PeerServer>(
      loop_, own_sockets_.emplace_back(std::move(*own)).take(),
      [this, &among](auto connection) { add_client(std::move(connection), among); },
      [this, &among](uid_t user) { return admits(user, among); },
      [](const std::string& trouble) { spdlog::warn("{}", trouble); });
}

void Daemon::add_client(std::unique_ptr<base::BusConnection> connection, Clients& among) {
  auto& peer = *connection;
  auto place = among.emplace(among.end(), std::move(connection), jobs_, *this);
  peer.on_disconnected([this, &among, place] {
    if (place->connection->cut_off_because() != nullptr) say_cut_off(*place->connection);
    among.erase(place);
  });
}

void Daemon::say_cut_off(base::BusConnection& client) {
  auto who = client.peer().value_or(base::Caller{});
  cut_off_.tell(
      std::format("process {} of user {} {}, and was hung up on", who.pid, who.uid, client.cut_off_because()));
}

// Root, and of a session its own user.
bool Daemon::is_master(uid_t user) const {
  return user == 0 || (user == ::geteuid() && (line_.user_session || line_.session_bus));
}

bool Daemon::may_change(const base::Caller& caller) const { return is_master(caller.uid); }

bool Daemon::may_bridge(const base::Caller& caller) const {
  return is_master(caller.uid) || (line_.bridge_user && caller.uid == *line_.bridge_user);
}

bool Daemon::admits(uid_t user, const Clients& among) const {
  return &among == &bridges_ ? may_bridge({.uid = user}) : is_master(user);
}

// --- the bus --------------------------------------------------------------------------------------------------------

// Once a bus that was named is joined, further addresses are accepted and ignored.
void Daemon::join_bus(const std::string& address, Reply reply) {
  if (is_process_1())
    return reply(std::unexpected(
        CommandError{protocol::error_name::permission_denied, "Not permissible to notify D-Bus address for PID 1"}));
  if (bus_.is_joined() && bus_.address() == address) return reply({});
  named_bus_.join_or_give_up(address, std::move(reply));
}

void Daemon::joined_bus() {
  tell_bus_address();
  if (!std::exchange(bus_misses_restarted_, false) || bus_.client() == nullptr) return;
  auto restarted = Signal::restarted();
  bus_.client()->listener().tell(restarted);
  jobs_.keep(untold, "");
}

void Daemon::tell_bus_address() {
  if (named_bus_.is_joined()) {
    jobs_.keep("bus", named_bus_.address());
    broker_.join_bus(named_bus_.address());
  }
  tell_property(protocol::path::job_supervisor, protocol::interface_name::job_supervisor, "bus_address", bus_address());
}

// Where the bus is the only way in, there is nothing left to serve, and nothing to be ready for.
void Daemon::go_on_without_name() {
  if (!line_.session_bus) return ready_.name_settled();
  exit_status_ = 1;
  base::notify_manager("STOPPING=1");
  loop_.stop();
}

void Daemon::tell_property(const char* path, const char* interface, const char* property, const std::string& value) {
  auto signal = Signal::property_changed(path, interface, property, protocol::readable(value));
  for_each_client([&](ClientConnection& client) { client.listener().tell(signal); });
  for (auto& peer : bridges_) peer.client.listener().tell(signal);
}

void Daemon::for_each_client(const std::function<void(ClientConnection&)>& action) {
  for (auto* bus : {&bus_, &named_bus_})
    if (auto* client = bus->client()) action(*client);
  for (auto& peer : clients_) action(peer.client);
}

// --- control --------------------------------------------------------------------------------------------------------

void Daemon::reload_configuration() {
  spdlog::debug("reloading configuration");
  first_load_.finish();
  configuration_->load();
}

void Daemon::settle_configuration() {
  if (first_load_.is_under_way()) return first_load_.finish();
  auto now = base::InputCount::now();
  if (configuration_ && std::exchange(settled_at_, now) != now) configuration_->settle();
}

void Daemon::settle_job(const std::string& job) {
  if (!first_load_.is_under_way()) settle_configuration();
  else if (!job.empty()) first_load_.load_job(job);
}

// A job that has lost its class to an error in its file gets it back when that is mended; one whose file is gone does
// not.
void Daemon::add_file_facts(protocol::JobState& job) const {
  if (!configuration_) return;
  job.file_faults = configuration_->faults_of(job.name);
  if (job.file_gone) job.file_broken = configuration_->job_file_fault(job.name);
  if (!job.file_broken.empty()) job.file_gone = false;
}

std::string Daemon::place_of_condition(const JobClass& job_class, const std::vector<std::string>& condition) {
  return supervisor::place_of_condition(
      job_class, condition, read_job_file,
      [&](const auto& of, const auto& expression) { return jobs_.conditions().for_bridges(of, expression); });
}

std::string Daemon::about_init() const {
  std::string text = "init is not a job";
  if (line_.init_pid != 0) text += std::format("; it is process {}, which runs this job supervisor", line_.init_pid);
  if (auto refused = base::RefusedExecution::read(line_.run_directory))
    text += std::format("; it refused to re-execute and continues unchanged: {}", refused->text());
  return text;
}

std::string Daemon::about_unknown_job(const std::string& job) const {
  if (configuration_)
    if (auto about = about_files_of(job, *configuration_, jobs_.classes()); !about.empty()) return about;
  return job == "init" ? about_init() : about_like_names(job, jobs_.classes());
}

std::string Daemon::state_as_json() {
  auto state = state_of(jobs_);
  for (auto& job : state.jobs) add_file_facts(job);
  return protocol::to_json(state);
}

// The caller is answered first.
void Daemon::restart(const base::Caller& caller) {
  if (line_.init_pid == 0)
    throw sdbus::Error{sdbus::Error::Name{"org.freedesktop.DBus.Error.NotSupported"},
                       "This job supervisor was started by no init that could be executed anew"};
  auto lines = std::format("{}\n{}process {} of user {}", protocol::execute_anew_notification, protocol::asked_by_line,
                           caller.pid, caller.uid);
  loop_.defer([lines] { base::notify_manager(lines); });
}

void Daemon::start_bridge(const std::string& name) {
  if (line_.init_pid == 0 || !base::notify_manager(std::string{protocol::start_bridge_line} + name))
    throw sdbus::Error{sdbus::Error::Name{"org.freedesktop.DBus.Error.NotSupported"},
                       "This job supervisor was started by no init that could start " + name};
}

// Clients that come back to the private socket, and the bus, have a moment to be there.
void Daemon::tell_restarted() {
  auto restarted = Signal::restarted();
  bool is_for_all = jobs_.kept(untold) == "all";
  bus_misses_restarted_ = !bus_.is_joined();
  for_each_client([&](ClientConnection& client) {
    if (is_for_all || &client == bus_.client()) client.listener().tell(restarted);
  });
  jobs_.keep(untold, bus_misses_restarted_ && !line_.bus_address.empty() ? "bus" : "");
}

void Daemon::logs_writable() {
  jobs_.keep("logs-writable", "yes");
  processes_.logs_writable();
}

// Nobody logs out of a machine.
void Daemon::end_session() {
  if (!is_of_machine()) begin_session_end("logout");
}

// A machine's jobs outlive their supervisor; the next one goes on with them.
void Daemon::end_asked() {
  if (!is_of_machine()) return begin_session_end("shutdown");
  jobs_outlive_it_ = true;
  loop_.stop();
}

void Daemon::begin_session_end(const std::string& type) {
  if (jobs_.session_is_ending()) return;
  first_load_.finish();
  base::notify_manager("STOPPING=1");
  jobs_.end_session(type);
}

std::string Daemon::log_priority() const {
  auto level = spdlog::get_level();
  auto found = std::ranges::find(log_priorities, level, [](const auto& row) { return row.second; });
  return std::string{found != log_priorities.end() ? found->first : "message"};
}

bool Daemon::set_log_priority(const std::string& priority) {
  auto found = std::ranges::find(log_priorities, priority, [](const auto& row) { return row.first; });
  if (found == log_priorities.end()) return false;
  jobs_.keep("log-priority", priority);
  spdlog::set_level(found->second);
  for_each_client([&](ClientConnection& client) {
    client.listener().tell_property(protocol::path::manager, protocol::interface_name::upstart, "log_priority",
                                    priority);
  });
  return true;
}

// --- what happens ---------------------------------------------------------------------------------------------------

void Daemon::tell(const Notice& notice) {
  if (std::holds_alternative<notice::SessionEnded>(notice)) return loop_.stop();
  if (first_load_.is_under_way() && !is_of_interest_while_loading(notice)) return;
  if (const auto* wanted = std::get_if<notice::BridgesWanted>(&notice)) return tell_bridges(wanted->bridges);
  container_job_.hear(notice);
  if (const auto* changed = std::get_if<notice::StateChanged>(&notice))
    spdlog::trace("{}{}{} is {}", changed->job, changed->instance.empty() ? "" : "/", changed->instance,
                  name_of(changed->state));
  Signal signal{notice};
  // The bus first: whoever has given the command is woken last, when there is least left to do for it.
  for_each_client([&](ClientConnection& client) {
    client.listener().tell(signal);
    client.listener().tell_properties(notice);
  });
  bool for_bridges = std::holds_alternative<notice::ConditionsChanged>(notice) ||
                     std::holds_alternative<notice::ActivityChanged>(notice) ||
                     std::holds_alternative<notice::SocketHeld>(notice);
  if (!for_bridges) return;
  for (auto& peer : bridges_) peer.client.listener().tell(signal);
}

// To init, which keeps it when this process dies.
void Daemon::tell_bridges(const std::vector<std::string>& bridges) {
  std::string line{protocol::wanted_bridges_line};
  for (const auto& bridge : bridges) line += (line.ends_with('=') ? "" : " ") + bridge;
  if (!base::notify_manager(line))
    spdlog::warn("unable to tell init which bridges jobs ask for; those that are not running are not started");
}

void Daemon::write(Severity severity, const std::string& text) { spdlog::log(level_of(severity), "{}", text); }

} // namespace upstart::supervisor
