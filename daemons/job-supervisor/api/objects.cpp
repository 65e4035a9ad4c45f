#include "daemons/job-supervisor/api/objects.hpp"

#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/language/print-job.hpp"
#include "daemons/job-supervisor/simulation/simulation.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <format>
#include <set>

namespace upstart::supervisor {

using protocol::readable; // what job files and environments say is bytes, what clients get to see is text

namespace {

[[noreturn]] void raise(const CommandError& error) {
  throw sdbus::Error{sdbus::Error::Name{error.name}, protocol::readable(error.message)};
}
[[noreturn]] void raise(const char* name, const std::string& message) { raise(CommandError{name, message}); }

template <typename Value> Value value_or_raise(std::expected<Value, CommandError> result) {
  if (!result) raise(result.error());
  if constexpr (!std::is_void_v<Value>) return std::move(*result);
}

EnvironmentTarget target(const std::vector<std::string>& job_details) {
  if (job_details.empty()) return {};
  if (job_details.front().empty()) raise(protocol::error_name::invalid_args, "Job may not be empty string");
  return {.instance = {{job_details[0], job_details.size() > 1 ? job_details[1] : ""}}};
}

// The class that a client means: by its very name, by that name escaped, or as clients get to see it, where only one
// looks so. Nothing where there is none.
ClassEntry* find_class(const ClassTable& classes, const std::string& name) {
  if (auto* exact = classes.find(name)) return exact;
  if (auto* bytes = classes.find(protocol::unescaped(name))) return bytes;
  if (!name.contains("\xEF\xBF\xBD")) return nullptr; // U+FFFD
  ClassEntry* found = nullptr;
  for (const auto& [other, entry] : classes.all()) {
    if (readable(other) != name) continue;
    if (found != nullptr) return nullptr;
    found = entry.get();
  }
  return found;
}

const ClassEntry& class_or_raise(const Jobs& jobs, const std::string& name) {
  if (const auto* entry = find_class(jobs.classes(), name)) return *entry;
  raise(protocol::error_name::unknown_job, "Unknown job: " + protocol::unescaped(name));
}

sdbus::ObjectPath object_path(const std::string& job, const std::string& instance) {
  return sdbus::ObjectPath{protocol::instance_path(job, instance)};
}

void note_size(Client& client, const std::vector<sdbus::ObjectPath>& paths) {
  std::size_t bytes = 0;
  for (const auto& path : paths) bytes += path.size() + 8;
  client.connection().note_answer(bytes);
}

void check_may_be_watched(const ConditionWatch& conditions, const std::string& event) {
  constexpr std::size_t longest = 1024, most = 1024;
  if (event.size() > longest)
    raise(protocol::error_name::limits_exceeded, "The name of an event to be watched has 1024 bytes at most");
  if (conditions.watched_events().size() >= most)
    raise(protocol::error_name::limits_exceeded, "1024 events are watched already; no further one can be");
}

// The numbers of descriptors are given out from below: one in the last quarter of what the process may have means that
// three quarters are taken.
bool few_descriptors_left(int newest) {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && static_cast<rlim_t>(newest) >= limit.rlim_cur / 4 * 3;
}

std::vector<std::string> all_readable(const std::vector<std::string>& strings) { return readable(strings); }

} // namespace

// --- manager --------------------------------------------------------------------------------------------------------

ManagerObject::ManagerObject(Client& client)
    : AdaptorInterfaces(client.connection().sdbus(), sdbus::ObjectPath{protocol::path::manager}), client_{client} {
  registerAdaptor();
}
ManagerObject::~ManagerObject() { unregisterAdaptor(); }

void ManagerObject::ReloadConfiguration() { client_.control().reload_configuration(); }

sdbus::ObjectPath ManagerObject::GetJobByName(const std::string& name) {
  if (name.empty()) raise(protocol::error_name::invalid_args, "Name may not be empty string");
  return sdbus::ObjectPath{protocol::job_path(class_or_raise(client_.jobs(), name).name())};
}

std::vector<sdbus::ObjectPath> ManagerObject::GetAllJobs() {
  std::vector<sdbus::ObjectPath> paths;
  paths.reserve(client_.jobs().classes().all().size());
  for (const auto& [name, _] : client_.jobs().classes().all()) paths.emplace_back(protocol::job_path(name));
  note_size(client_, paths);
  return paths;
}

std::string ManagerObject::GetState() {
  std::string state = readable(client_.control().state_as_json());
  client_.connection().note_answer(state.size());
  return state;
}
void ManagerObject::Restart() { client_.control().restart(client_.caller(getObject())); }

void ManagerObject::emit_event(sdbus::Result<>&& result, Event event, bool wait) {
  auto caller = client_.caller(getObject());
  Origin origin{.uid = caller.uid, .pid = static_cast<std::uint32_t>(caller.pid)};
  if (wait) return client_.jobs().emit(std::move(event), origin, client_.reply_later(getObject(), std::move(result)));
  client_.jobs().emit(std::move(event), origin);
  result.returnResults();
}

namespace {

Event event_of(std::string name, std::vector<std::string> env, SharedFiles files = {}) {
  Event event{.name = std::move(name), .environment = protocol::Environment{env}, .files = std::move(files)};
  if (event.environment.size() != env.size()) event.as_given = std::move(env);
  return event;
}

} // namespace

void ManagerObject::EmitEvent(sdbus::Result<>&& result, std::string name, std::vector<std::string> env, bool wait) {
  if (name.empty()) raise(protocol::error_name::invalid_args, "Name may not be empty string");
  if (auto fault = protocol::environment_fault(env)) raise(protocol::error_name::invalid_args, *fault);
  emit_event(std::move(result), event_of(std::move(name), std::move(env)), wait);
}

void ManagerObject::EmitEventWithFile(sdbus::Result<>&& result, std::string name, std::vector<std::string> env,
                                      bool wait, sdbus::UnixFd file) {
  if (name.empty()) raise(protocol::error_name::invalid_args, "Name may not be empty string");
  if (auto fault = protocol::environment_fault(env)) raise(protocol::error_name::invalid_args, *fault);
  auto descriptor = std::make_shared<const base::FileDescriptor>(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
  if (!*descriptor || few_descriptors_left(descriptor->get()))
    raise(protocol::error_name::limits_exceeded, "There is no descriptor left to take the event's");
  emit_event(std::move(result), event_of(std::move(name), std::move(env), {descriptor}), wait);
}

void ManagerObject::refuse_for_process_1() {
  if (client_.control().is_process_1())
    raise(protocol::error_name::permission_denied, "Not permissible to modify PID 1 job environment");
}

std::string ManagerObject::GetEnv(const std::vector<std::string>& job_details, const std::string& name) {
  return readable(value_or_raise(client_.jobs().environments().get(target(job_details), name)));
}
void ManagerObject::SetEnv(const std::vector<std::string>& job_details, const std::string& var, const bool& replace) {
  SetEnvList(job_details, {var}, replace);
}
void ManagerObject::SetEnvList(const std::vector<std::string>& job_details, const std::vector<std::string>& vars,
                               const bool& replace) {
  refuse_for_process_1();
  value_or_raise(client_.jobs().environments().set(target(job_details), vars, replace));
}
void ManagerObject::UnsetEnv(const std::vector<std::string>& job_details, const std::string& name) {
  UnsetEnvList(job_details, {name});
}
void ManagerObject::UnsetEnvList(const std::vector<std::string>& job_details, const std::vector<std::string>& names) {
  refuse_for_process_1();
  value_or_raise(client_.jobs().environments().unset(target(job_details), names));
}
std::vector<std::string> ManagerObject::ListEnv(const std::vector<std::string>& job_details) {
  return all_readable(value_or_raise(client_.jobs().environments().list(target(job_details))));
}
void ManagerObject::ResetEnv(const std::vector<std::string>& job_details) {
  refuse_for_process_1();
  value_or_raise(client_.jobs().environments().reset(target(job_details)));
}

void ManagerObject::NotifyDiskWriteable() { client_.control().logs_writable(); }
void ManagerObject::NotifyDBusAddress(sdbus::Result<>&& result, std::string address) {
  client_.control().join_bus(address, client_.reply_later(getObject(), std::move(result)).reply);
}
// Control groups are made through the mounted hierarchy: there is no manager to talk to, and nothing to do.
void ManagerObject::NotifyCGroupManagerAddress(const std::string&) {}
void ManagerObject::EndSession() { client_.control().end_session(); }

std::string ManagerObject::version() { return "init (upstart " UPSTART_VERSION ")"; }
std::string ManagerObject::log_priority() { return client_.control().log_priority(); }
void ManagerObject::log_priority(const std::string& value) {
  if (!client_.control().set_log_priority(value))
    raise(protocol::error_name::invalid_args, "The log priority given was not recognised");
}

// --- job ------------------------------------------------------------------------------------------------------------

JobObject::JobObject(Client& client, std::string job, bool registered)
    : AdaptorInterfaces(client.connection().sdbus(), sdbus::ObjectPath{protocol::job_path(job)}),
      client_{client},
      job_{std::move(job)},
      registered_{registered} {
  if (registered_) registerAdaptor();
}
JobObject::~JobObject() {
  if (registered_) unregisterAdaptor();
}

ClassEntry& JobObject::entry() const {
  if (auto* entry = client_.jobs().classes().find(job_)) return *entry;
  raise(protocol::error_name::unknown_method, "Unknown job: " + job_);
}

sdbus::ObjectPath JobObject::GetInstance(const std::vector<std::string>& env) {
  auto* job = value_or_raise(client_.jobs().commands().find_instance(entry(), env));
  return object_path(job_, job->instance());
}

sdbus::ObjectPath JobObject::GetInstanceByName(const std::string& name) {
  if (client_.jobs().classes().find(job_, name) == nullptr)
    raise(protocol::error_name::unknown_instance, "Unknown instance: " + name);
  return object_path(job_, name);
}

std::vector<sdbus::ObjectPath> JobObject::GetAllInstances() {
  std::vector<sdbus::ObjectPath> paths;
  for (const auto& [instance, _] : entry().instances()) paths.push_back(object_path(job_, instance));
  note_size(client_, paths);
  return paths;
}

void JobObject::Start(sdbus::Result<sdbus::ObjectPath>&& result, std::vector<std::string> env, bool wait) {
  client_.jobs().commands().start(entry(), env, wait, client_.reply_later(getObject(), std::move(result)));
}
void JobObject::Stop(sdbus::Result<>&& result, std::vector<std::string> env, bool wait) {
  client_.jobs().commands().stop(entry(), env, wait, client_.reply_later(getObject(), std::move(result)));
}
void JobObject::Restart(sdbus::Result<sdbus::ObjectPath>&& result, std::vector<std::string> env, bool wait) {
  client_.jobs().commands().restart(entry(), env, wait, client_.reply_later(getObject(), std::move(result)));
}

std::string JobObject::name() { return readable(entry().name()); }
std::string JobObject::description() { return readable(entry().job_class()->description); }
std::string JobObject::author() { return readable(entry().job_class()->author); }
std::string JobObject::version() { return readable(entry().job_class()->version); }
std::vector<std::vector<std::string>> JobObject::start_on() { return readable(postfix(entry().job_class()->start_on)); }
std::vector<std::vector<std::string>> JobObject::stop_on() { return readable(postfix(entry().job_class()->stop_on)); }
std::vector<std::string> JobObject::emits() { return all_readable(entry().job_class()->emits); }
std::string JobObject::usage() { return readable(entry().job_class()->usage); }

// --- instance -------------------------------------------------------------------------------------------------------

InstanceObject::InstanceObject(Client& client, std::string job, std::string instance, bool registered)
    : AdaptorInterfaces(client.connection().sdbus(), object_path(job, instance)),
      client_{client},
      job_{std::move(job)},
      instance_{std::move(instance)},
      registered_{registered} {
  if (registered_) registerAdaptor();
}
InstanceObject::~InstanceObject() {
  if (registered_) unregisterAdaptor();
}

Job& InstanceObject::job() const {
  if (auto* job = client_.jobs().classes().find(job_, instance_)) return *job;
  raise(protocol::error_name::unknown_method, "Unknown instance: " + instance_);
}

void InstanceObject::Start(sdbus::Result<>&& result, bool wait) {
  client_.jobs().commands().start(job(), wait, client_.reply_later(getObject(), std::move(result)));
}
void InstanceObject::Stop(sdbus::Result<>&& result, bool wait) {
  client_.jobs().commands().stop(job(), wait, client_.reply_later(getObject(), std::move(result)));
}
void InstanceObject::Restart(sdbus::Result<>&& result, bool wait) {
  client_.jobs().commands().restart(job(), wait, client_.reply_later(getObject(), std::move(result)));
}
void InstanceObject::Reload() { value_or_raise(client_.jobs().commands().reload(job())); }

std::string InstanceObject::name() { return readable(job().instance()); }
std::string InstanceObject::goal() { return std::string{name_of(job().life().goal)}; }
std::string InstanceObject::state() { return std::string{name_of(job().life().state)}; }
std::vector<sdbus::Struct<std::string, int32_t>> InstanceObject::processes() {
  std::vector<sdbus::Struct<std::string, int32_t>> processes;
  const auto& life = job().life();
  for (std::size_t i = 0; i < process_kinds; ++i)
    if (auto pid = life.processes[i].pid; pid > 0)
      processes.emplace_back(std::string{name_of(static_cast<ProcessKind>(i))}, pid);
  return processes;
}

// --- supervisor -----------------------------------------------------------------------------------------------------

SupervisorObject::SupervisorObject(Client& client)
    : AdaptorInterfaces(client.connection().sdbus(), sdbus::ObjectPath{protocol::path::job_supervisor}),
      client_{client} {
  registerAdaptor();
}
SupervisorObject::~SupervisorObject() {
  unregisterAdaptor();
  client_.control().bridges().forget(this);
}

std::vector<
    sdbus::Struct<std::string, std::vector<std::vector<std::string>>, std::vector<std::vector<std::string>>, uint32_t>>
SupervisorObject::WatchConditions(const std::string& event) {
  std::vector<sdbus::Struct<std::string, std::vector<std::vector<std::string>>, std::vector<std::vector<std::string>>,
                            uint32_t>>
      jobs;
  auto caller = client_.caller(getObject());
  // Whoever may only look is answered, and not remembered: the events that are watched outlive their watchers.
  bool watches = client_.control().may_change(caller);
  auto& conditions = client_.jobs().conditions();
  if (watches && !conditions.watched_events().contains(event)) check_may_be_watched(conditions, event);
  if (watches && client_.connection().is_peer()) client_.control().bridges().note(this, caller.pid, event);
  for (const auto* entry : watches ? conditions.watch(event) : conditions.jobs_naming(event)) {
    const auto& job_class = *entry->job_class();
    jobs.emplace_back(protocol::escaped(entry->name()),
                      protocol::escaped(postfix(conditions.for_bridges(job_class, job_class.start_on))),
                      protocol::escaped(postfix(conditions.for_bridges(job_class, job_class.stop_on))),
                      static_cast<uint32_t>(entry->instances().size()));
  }
  return jobs;
}

std::vector<std::string> SupervisorObject::OfferSockets(
    const std::string& job,
    const std::vector<sdbus::Struct<std::string, std::string, std::vector<std::string>, sdbus::UnixFd>>& sockets) {
  const auto* entry = client_.jobs().classes().find(protocol::unescaped(job));
  if (entry == nullptr) raise(protocol::error_name::unknown_job, "Unknown job: " + protocol::unescaped(job));
  std::vector<SocketOffer> offers;
  for (const auto& [identity, name, variables, file] : sockets) {
    auto descriptor = std::make_shared<const base::FileDescriptor>(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
    if (!*descriptor || few_descriptors_left(descriptor->get()))
      raise(protocol::error_name::limits_exceeded, "There is no descriptor left to take the socket's");
    offers.push_back({.identity = identity,
                      .name = protocol::unescaped(name),
                      .variables = protocol::Environment{protocol::unescaped(variables)},
                      .file = std::move(descriptor)});
  }
  return client_.jobs().conditions().offer(*entry, std::move(offers));
}

void SupervisorObject::SocketsOffered() { client_.control().sockets_offered(); }

std::string SupervisorObject::PrintClass(const std::string& job) {
  return readable(print(*class_or_raise(client_.jobs(), job).job_class()));
}

std::string SupervisorObject::DescribeJob(const std::string& job) {
  auto state = job_state_of(client_.jobs(), class_or_raise(client_.jobs(), job).name());
  state->file_faults = client_.control().file_faults(state->name);
  return readable(protocol::to_json(*state));
}

std::string SupervisorObject::AboutUnknownJob(const std::string& job) {
  return readable(client_.control().about_unknown_job(protocol::unescaped(job)));
}

std::vector<sdbus::Struct<std::string, std::string, std::string>> SupervisorObject::ListHolders(const uint64_t& event) {
  std::vector<sdbus::Struct<std::string, std::string, std::string>> holders;
  for (const auto& [job, instance, how] : holders_of(client_.jobs(), event))
    holders.emplace_back(readable(job), readable(instance), how);
  return holders;
}

std::vector<std::string> SupervisorObject::ListEmits() { return all_readable(emitted_by_jobs(client_.jobs())); }

std::vector<sdbus::Struct<std::string, uint32_t, std::string, std::vector<std::string>, uint32_t>>
SupervisorObject::ListBridges() {
  std::vector<sdbus::Struct<std::string, uint32_t, std::string, std::vector<std::string>, uint32_t>> bridges;
  for (const auto& [name, is_of_upstart, pid, events] : client_.control().bridges().bridges()) {
    std::set<const ClassEntry*> jobs;
    for (const auto& event : events)
      for (const auto* entry : client_.jobs().conditions().jobs_naming(event)) jobs.insert(entry);
    bool is_named = is_of_upstart && !client_.control().bus_address().empty();
    auto bus_name = is_named ? protocol::daemon_bus_name(name) : "";
    bridges.emplace_back(readable(name), static_cast<uint32_t>(pid), bus_name, all_readable(events),
                         static_cast<uint32_t>(jobs.size()));
  }
  return bridges;
}

void SupervisorObject::StartBridge(const std::string& name) {
  if (!protocol::bridge_of_name(name)) raise(protocol::error_name::invalid_args, "Unknown bridge: " + name);
  client_.control().start_bridge(name);
}

namespace {

RunOnWire on_wire(const std::string& job, const Run& run, bool is_task) {
  std::vector<sdbus::Struct<uint64_t, std::string, std::string, std::string>> causes;
  for (const auto& [event, name, of_job, of_instance] : run.causes)
    causes.emplace_back(event, readable(name), readable(of_job), readable(of_instance));
  std::vector<sdbus::Struct<std::string, uint64_t>> moments;
  for (const auto& [state, time] : run.moments)
    moments.emplace_back(std::string{name_of(state)}, static_cast<uint64_t>(time.count()));
  return {readable(job), readable(run.instance), std::string{name_of(run.origin)}, causes, moments, run.failed,
          is_task};
}

} // namespace

std::tuple<uint64_t, uint64_t, std::vector<RunOnWire>> SupervisorObject::ListRuns() {
  std::vector<RunOnWire> runs;
  for (const auto& [job, run, is_task] : runs_of(client_.jobs())) runs.push_back(on_wire(*job, *run, is_task));
  auto now = client_.jobs().core().ports.clock.now_exactly();
  return {static_cast<uint64_t>(now.count()), static_cast<uint64_t>(began(client_.jobs()).count()), std::move(runs)};
}

std::string SupervisorObject::Simulate(const std::string& name, const std::vector<std::string>& env) {
  if (name.empty()) raise(protocol::error_name::invalid_args, "Name may not be empty string");
  if (auto fault = protocol::environment_fault(env)) raise(protocol::error_name::invalid_args, *fault);
  return readable(as_json(simulate(situation_of(client_.jobs()), {name, env})));
}

namespace {

constexpr std::size_t longest_token = 128;

struct Selected {
  ClassEntry& entry;
  Job* instance = nullptr; // nothing: the one that the environment names
};

// What [job] or [job, instance] stands for; the errors are those of GetJobByName and GetInstanceByName.
std::expected<Selected, CommandError> select(const ClassTable& classes, const std::vector<std::string>& job_details,
                                             const std::vector<std::string>& env) {
  auto error = [](const char* name, std::string message) {
    return std::unexpected{CommandError{name, std::move(message)}};
  };
  if (job_details.empty() || job_details[0].empty())
    return error(protocol::error_name::invalid_args, "Name may not be empty string");
  auto* entry = find_class(classes, job_details[0]);
  if (entry == nullptr)
    return error(protocol::error_name::unknown_job, "Unknown job: " + protocol::unescaped(job_details[0]));
  if (job_details.size() == 1) return Selected{*entry};
  if (job_details.size() > 2 || !env.empty())
    return error(protocol::error_name::invalid_args, "job_details is [job], or [job, instance] without an environment");
  auto* instance = classes.find(entry->name(), job_details[1]);
  if (instance == nullptr) return error(protocol::error_name::unknown_instance, "Unknown instance: " + job_details[1]);
  return Selected{*entry, instance};
}

// Of the user, so that nobody learns of another's commands, and of the method, whose answer it stands for; empty stays
// empty.
std::string token_of(const base::Caller& caller, const char* method, const std::string& token) {
  return token.empty() ? token : std::format("{}.{}.{}", caller.uid, method, token);
}

} // namespace

template <typename Result>
std::optional<Asker> SupervisorObject::asker(Result&& result, const char* method, const std::string& token) {
  if (token.size() > longest_token) raise(protocol::error_name::invalid_args, "The token has more than 128 characters");
  auto asker = client_.reply_later(getObject(), std::forward<Result>(result));
  asker.token = token_of(client_.caller(getObject()), method, token);
  if (!token.empty() && client_.jobs().resume(asker.token, asker.reply)) return std::nullopt;
  return asker;
}

template <typename Act>
void SupervisorObject::command(sdbus::Result<sdbus::ObjectPath>&& result, const char* method, const std::string& token,
                               const std::vector<std::string>& job_details, const std::vector<std::string>& env,
                               Act act) {
  auto asker = this->asker(std::move(result), method, token);
  if (!asker) return;
  auto selected = select(client_.jobs().classes(), job_details, env);
  if (!selected) return asker->reply(std::unexpected{selected.error()});
  act(client_.jobs().commands(), *selected, std::move(*asker));
}

void SupervisorObject::StartJobWithFile(sdbus::Result<sdbus::ObjectPath>&& result, std::string token, std::string job,
                                        std::string instance, sdbus::UnixFd file) {
  auto descriptor = std::make_shared<const base::FileDescriptor>(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
  if (!*descriptor || few_descriptors_left(descriptor->get()))
    raise(protocol::error_name::limits_exceeded, "There is no descriptor left to take the job's");
  command(std::move(result), "StartJobWithFile", token, {protocol::unescaped(job)}, {},
          [&](Commands& commands, Selected selected, Asker asker) {
            commands.start_with_file(selected.entry, protocol::unescaped(instance), descriptor, std::move(asker));
          });
}

void SupervisorObject::StartJob(sdbus::Result<sdbus::ObjectPath>&& result, std::string token,
                                std::vector<std::string> job_details, std::vector<std::string> env, bool wait) {
  command(std::move(result), "StartJob", token, job_details, env, [&](Commands& commands, Selected job, Asker asker) {
    if (job.instance != nullptr) commands.start(*job.instance, wait, std::move(asker));
    else commands.start(job.entry, env, wait, std::move(asker));
  });
}

void SupervisorObject::StopJob(sdbus::Result<sdbus::ObjectPath>&& result, std::string token,
                               std::vector<std::string> job_details, std::vector<std::string> env, bool wait) {
  command(std::move(result), "StopJob", token, job_details, env, [&](Commands& commands, Selected job, Asker asker) {
    if (job.instance != nullptr) commands.stop(*job.instance, wait, std::move(asker));
    else commands.stop(job.entry, env, wait, std::move(asker));
  });
}

void SupervisorObject::RestartJob(sdbus::Result<sdbus::ObjectPath>&& result, std::string token,
                                  std::vector<std::string> job_details, std::vector<std::string> env, bool wait) {
  command(std::move(result), "RestartJob", token, job_details, env, [&](Commands& commands, Selected job, Asker asker) {
    if (job.instance != nullptr) commands.restart(*job.instance, wait, std::move(asker));
    else commands.restart(job.entry, env, wait, std::move(asker));
  });
}

void SupervisorObject::EmitEvent(sdbus::Result<>&& result, std::string token, std::string name,
                                 std::vector<std::string> env, bool wait) {
  if (name.empty()) raise(protocol::error_name::invalid_args, "Name may not be empty string");
  if (auto fault = protocol::environment_fault(env)) raise(protocol::error_name::invalid_args, *fault);
  auto asker = this->asker(std::move(result), "EmitEvent", token);
  if (!asker) return;
  auto caller = client_.caller(getObject());
  Origin origin{.uid = caller.uid, .pid = static_cast<std::uint32_t>(caller.pid)};
  auto event = event_of(std::move(name), std::move(env));
  if (wait) client_.jobs().emit(std::move(event), origin, std::move(*asker));
  else client_.jobs().emit_without_waiting(std::move(event), origin, std::move(*asker));
}

std::string SupervisorObject::bus_address() { return readable(client_.control().bus_address()); }
std::string SupervisorObject::event_broker_address() { return readable(client_.control().event_broker_address()); }
std::string SupervisorObject::log_directory() { return readable(client_.control().log_directory()); }

} // namespace upstart::supervisor
