// The object that has what is beside the original's interface: SupervisorObject of objects.hpp.
#include "daemons/job-supervisor/api/arguments.hpp"
#include "daemons/job-supervisor/api/objects.hpp"
#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/language/print-job.hpp"
#include "daemons/job-supervisor/simulation/simulation.hpp"
#include "protocol/bridges.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <format>
#include <set>

namespace upstart::supervisor {

using protocol::readable; // what job files and environments say is bytes, what clients get to see is text

namespace {

void check_may_be_watched(const ConditionWatch& conditions, const std::string& event) {
  constexpr std::size_t longest = 1024, most = 1024;
  if (event.size() > longest)
    raise(protocol::error_name::limits_exceeded, "The name of an event to be watched has 1024 bytes at most");
  if (conditions.watched_events().size() >= most)
    raise(protocol::error_name::limits_exceeded, "1024 events are watched already; no further one can be");
}

} // namespace

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
  bool watches =
      client_.connection().is_peer() ? client_.control().may_bridge(caller) : client_.control().may_change(caller);
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
    offers.push_back({.identity = identity,
                      .name = protocol::unescaped(name),
                      .variables = protocol::Environment{protocol::unescaped(variables)},
                      .file = descriptor_or_raise(file, "the socket's")});
  }
  return client_.jobs().conditions().offer(*entry, std::move(offers));
}

void SupervisorObject::SocketsOffered() { client_.control().sockets_offered(); }

std::string SupervisorObject::LocateCondition(const std::string& job, const std::vector<std::string>& condition) {
  const auto* entry = client_.jobs().classes().find(protocol::unescaped(job));
  if (entry == nullptr) raise(protocol::error_name::unknown_job, "Unknown job: " + protocol::unescaped(job));
  return readable(client_.control().place_of_condition(*entry->job_class(), protocol::unescaped(condition)));
}

std::string SupervisorObject::PrintClass(const std::string& job) {
  return readable(print(*class_or_raise(client_.jobs(), job).job_class()));
}

std::string SupervisorObject::DescribeJob(const std::string& job) {
  auto state = job_state_of(client_.jobs(), class_or_raise(client_.jobs(), job).name());
  client_.control().add_file_facts(*state);
  return readable(protocol::to_json(*state));
}

std::string SupervisorObject::ListJobs() {
  auto jobs = readable(protocol::to_json(summaries_of(client_.jobs())));
  client_.connection().note_answer(jobs.size());
  return jobs;
}

void SupervisorObject::ResetFailed(const std::string& job) {
  if (!job.empty()) client_.jobs().forget_failures(class_or_raise(client_.jobs(), job).name());
  else
    for (const auto* entry : client_.jobs().classes().sorted()) client_.jobs().forget_failures(entry->name());
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

std::vector<std::string> SupervisorObject::ListEmits() { return readable(emitted_by_jobs(client_.jobs())); }

std::vector<sdbus::Struct<std::string, uint32_t, std::string, std::vector<std::string>, uint32_t>>
SupervisorObject::ListBridges() {
  std::vector<sdbus::Struct<std::string, uint32_t, std::string, std::vector<std::string>, uint32_t>> bridges;
  for (const auto& [name, is_of_upstart, pid, events] : client_.control().bridges().bridges()) {
    std::set<const ClassEntry*> jobs;
    for (const auto& event : events)
      for (const auto* entry : client_.jobs().conditions().jobs_naming(event)) jobs.insert(entry);
    bool is_named = is_of_upstart && !client_.control().bus_address().empty();
    auto bus_name = is_named ? protocol::daemon_bus_name(name) : "";
    bridges.emplace_back(readable(name), static_cast<uint32_t>(pid), bus_name, readable(events),
                         static_cast<uint32_t>(jobs.size()));
  }
  return bridges;
}

void SupervisorObject::StartBridge(const std::string& name) {
  if (!protocol::bridge_of_name(name)) raise(protocol::error_name::invalid_args, "Unknown bridge: " + name);
  client_.control().start_bridge(name);
}

namespace {

RunOnWire on_wire(const JobRun& of_job) {
  const Run& run = *of_job.run;
  std::vector<sdbus::Struct<uint64_t, std::string, std::string, std::string>> causes;
  for (const auto& [event, name, emitter] : *run.causes)
    causes.emplace_back(event, readable(name), readable(emitter->job), readable(emitter->instance));
  std::vector<sdbus::Struct<std::string, uint64_t>> moments;
  for (const auto& [state, microseconds] : run.moments)
    moments.emplace_back(std::string{name_of(state)}, static_cast<uint64_t>(microseconds));
  return {
      readable(*of_job.job), readable(*of_job.instance), std::string{name_of(run.origin)}, causes, moments, run.failed,
      of_job.is_task};
}

} // namespace

std::tuple<uint64_t, uint64_t, std::vector<RunOnWire>> SupervisorObject::ListRuns() {
  std::vector<RunOnWire> runs;
  for (const auto& run : runs_of(client_.jobs())) runs.push_back(on_wire(run));
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
  auto descriptor = descriptor_or_raise(file, "the job's");
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
  auto event = event_or_raise(std::move(name), std::move(env));
  auto asker = this->asker(std::move(result), "EmitEvent", token);
  if (!asker) return;
  auto caller = client_.caller(getObject());
  Origin origin{.uid = caller.uid, .pid = static_cast<std::uint32_t>(caller.pid)};
  if (wait) client_.jobs().emit(std::move(event), origin, std::move(*asker));
  else client_.jobs().emit_without_waiting(std::move(event), origin, std::move(*asker));
}

std::string SupervisorObject::bus_address() { return readable(client_.control().bus_address()); }
std::string SupervisorObject::event_broker_address() { return readable(client_.control().event_broker_address()); }
std::string SupervisorObject::log_directory() { return readable(client_.control().log_directory()); }

} // namespace upstart::supervisor
