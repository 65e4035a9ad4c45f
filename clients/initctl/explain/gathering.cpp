#include "clients/initctl/explain/gathering.hpp"

#include "clients/base/supervisor.hpp"
#include "clients/initctl/explain/unknown-job.hpp"
#include "clients/initctl/history/broker.hpp"
#include "clients/initctl/legacy/legacy-services.hpp"
#include "clients/initctl/log/log-file.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

// Only here all jobs are asked for: their files tell where that of the missing job should be.
Failure not_there(const std::string& job, Supervisor& supervisor, Upstart& upstart) {
  try {
    if (auto about = supervisor.AboutUnknownJob(protocol::escaped(job)); !about.empty())
      return {.message = "Unknown job: " + job, .hint = about};
  } catch (const sdbus::Error& error) {
    if (!is_gone(error)) throw;
  }
  std::vector<JobFileOf> files;
  if (auto state = protocol::supervisor_state_from_json(upstart.manager().GetState()))
    for (const auto& each : state->jobs) files.push_back({each.name, each.file});
  return {unknown_job(job, files, kind_of_file)};
}

Failure not_understood(const protocol::StateError& error) {
  if (!error.version) return {"init tells the state of a job in a form that cannot be read: " + error.message};
  return {std::format("this initctl speaks version {} of the job state, init speaks version {}: they are of different "
                      "releases of Upstart. Use the initctl that belongs to the running init, or restart init.",
                      protocol::state_version, *error.version)};
}

// An init of before there was DescribeJob.
const Failure too_old{
    std::format("this initctl speaks version {} of the job state, init is older and speaks none: they "
                "are of different releases of Upstart. Use the initctl that belongs to the running "
                "init, or restart init.",
                protocol::state_version)};

std::expected<protocol::JobState, Failure> described(const std::string& job, Supervisor& supervisor, Upstart& upstart) {
  try {
    return protocol::job_state_from_json(supervisor.DescribeJob(protocol::escaped(job)))
        .transform_error(not_understood);
  } catch (const sdbus::Error& error) {
    if (error.getName() == protocol::error_name::unknown_job)
      return std::unexpected{not_there(job, supervisor, upstart)};
    if (is_gone(error)) return std::unexpected{too_old};
    throw;
  }
}

std::vector<protocol::JobState> named_by(const protocol::JobState& state, const std::vector<std::string>& loaded,
                                         Supervisor& supervisor, Upstart& upstart) {
  std::vector<protocol::JobState> states;
  for (const auto& job : jobs_named_by(state))
    if (std::ranges::contains(loaded, job))
      if (auto named = described(job, supervisor, upstart)) states.push_back(std::move(*named));
  return states;
}

std::vector<EventHolder> holders_of(std::uint64_t event, Supervisor& supervisor) {
  std::vector<EventHolder> holders;
  for (const auto& holder : supervisor.ListHolders(event))
    holders.push_back({holder.get<0>(), holder.get<1>(), holder.get<2>()});
  return holders;
}

std::vector<KnownBridge> bridges_for(const protocol::JobState& state, Supervisor& supervisor, Upstart& upstart) {
  std::vector<KnownBridge> bridges;
  if (!names_event_of_bridge(state)) return bridges;
  for (const auto& [name, pid, bus_name, events, jobs] : supervisor.ListBridges()) {
    auto watches = watches_of(upstart, name, pid).value_or(std::vector<BridgeWatch>{});
    std::erase_if(watches, [&](const auto& watch) { return !std::ranges::contains(watch.jobs, state.name); });
    bridges.push_back({name, std::move(watches)});
  }
  return bridges;
}

// A name that is that of no job may be that of a System V service.
Failure with_script(Failure failure, const Call& call, const std::string& job) {
  auto services = LegacyServices::of(call);
  auto service = services ? services->find(job) : std::nullopt;
  if (service && failure.message.starts_with("Unknown job"))
    failure = {.message = std::format("Unknown job: {}", service->name),
               .hint =
                   std::format("it is a System V service, which init does not watch: `status {}' asks its script {}",
                               service->name, service->script)};
  return failure;
}

} // namespace

std::expected<protocol::JobState, Failure> describe(const Call& call, const std::string& job) {
  Supervisor supervisor{call.upstart->connection()};
  return described(job, supervisor, *call.upstart).transform_error([&](const Failure& failure) {
    return with_script(failure, call, job);
  });
}

std::expected<Knowledge, Failure> gather(const protocol::JobState& state, const Call& call) {
  auto& upstart = *call.upstart;
  Supervisor supervisor{upstart.connection()};
  auto history = read_history(call.context, upstart, 0);
  if (!history) return std::unexpected{history.error()};
  auto loaded = upstart.job_names();
  Knowledge knowledge{.history = std::move(*history),
                      .possible = {loaded, supervisor.ListEmits()},
                      .named_jobs = named_by(state, loaded, supervisor, upstart)};
  knowledge.bridges = bridges_for(state, supervisor, upstart);
  for (auto id : own_pending_events(state, knowledge.history)) knowledge.holders[id] = holders_of(id, supervisor);
  return knowledge;
}

void locate(Explanation& explanation, const Call& call) {
  Supervisor supervisor{call.upstart->connection()};
  auto locate_in = [&](ConditionFinding& condition) {
    for (auto& event : condition.events)
      if (!event.can_come)
        event.place = supervisor.LocateCondition(protocol::escaped(explanation.job), protocol::escaped(event.words));
  };
  try {
    locate_in(explanation.start_on);
    for (auto& instance : explanation.instances) locate_in(instance.stop_on);
  } catch (const sdbus::Error& error) {
    // An init of before there was LocateCondition; a job that has gone meanwhile.
    if (!is_gone(error) && error.getName() != protocol::error_name::unknown_job) throw;
  }
}

std::string missing_log_directory(const Call& call) {
  auto directory = log_directory(call.context, *call.upstart);
  std::error_code error;
  if (!directory || std::filesystem::status(*directory, error).type() != std::filesystem::file_type::not_found)
    return "";
  return std::format("the log directory {} does not exist: what jobs print is kept until it does, and lost when it "
                     "becomes too much",
                     directory->native());
}

std::optional<LogTail> log_tail(const Call& call, const std::string& job, const std::string& instance,
                                std::size_t lines) {
  auto directory = log_directory(call.context, *call.upstart);
  if (!directory) return std::nullopt;
  auto path = log_path(*directory, job, instance);
  auto log = read_log(path, lines);
  if (!log || log->text.empty()) return std::nullopt;
  LogTail tail{path.native(), {}};
  std::string_view shown = log->text;
  if (shown.ends_with('\n')) shown.remove_suffix(1);
  for (auto line : shown | std::views::split('\n')) tail.lines.emplace_back(std::string_view{line});
  return tail;
}

} // namespace upstart::client
