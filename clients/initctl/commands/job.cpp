// Commands on one job: start, stop, restart, reload, status; and list.
#include "clients/base/commands/tracked-commands.hpp"
#include "clients/base/supervisor.hpp"

#include "clients/initctl/command/command.hpp"
#include "clients/initctl/legacy/legacy-services.hpp"
#include "protocol/job-state.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

using Path = sdbus::ObjectPath;

Outcome show(Call& call, const InstanceStatus& status) {
  if (call.wants_json()) call.print_json(to_json(status));
  else call.print(to_text(status));
  return 0;
}

// What a command is about: JOB [KEY=VALUE]... of the command line or, inside a job's own process, that job itself.
struct Subject {
  std::string job;
  std::vector<std::string> environment;
  std::optional<std::string> own_instance; // of the job whose process this is

  [[nodiscard]] bool is_own_job() const { return own_instance.has_value(); }
};

Subject subject_of(const Call& call) {
  if (!call.arguments.empty()) return {call.arguments[0], call.arguments_from(1), std::nullopt};
  auto own = call.own_job();
  return {own->job, {}, own->instance};
}

// A process that waited for its own job's stop would wait for itself.
bool shall_wait(const Call& call, const Subject& subject) { return !call.has("--no-wait") && !subject.is_own_job(); }

Path find_instance(JobClass& job_class, const Subject& subject) {
  return subject.is_own_job() ? job_class.GetInstanceByName(*subject.own_instance)
                              : job_class.GetInstance(subject.environment);
}

// The status after a command. A job whose processes have got their signal has most often gone a moment later: it is
// asked a few times more, so that a stop that was not waited for shows what it led to.
InstanceStatus settled_status(Upstart& upstart, const std::string& job, const Path& path) {
  constexpr int more_looks = 20;
  auto status = upstart.status_at(job, path);
  for (int i = 0; i < more_looks && status.goal == "stop" && status.state == "killed"; ++i)
    status = upstart.status_at(job, path);
  return status;
}

using Act = Path (TrackedCommands::*)(const JobSelection&, bool wait);

JobSelection selection(const Subject& subject) { return {subject.job, subject.environment, subject.own_instance}; }

// Acts on the subject and shows its status afterwards.
Outcome act_and_show(Call& call, Act act) {
  auto subject = subject_of(call);
  TrackedCommands commands{*call.upstart};
  Path instance = (commands.*act)(selection(subject), shall_wait(call, subject));
  return show(call, settled_status(*call.upstart, subject.job, instance));
}

Outcome start(Call& call) {
  auto subject = subject_of(call);
  if (!call.has("--no-wait") || subject.is_own_job()) return act_and_show(call, &TrackedCommands::start);
  return show(call, TrackedCommands{*call.upstart}.start_and_look(selection(subject)));
}
Outcome stop(Call& call) { return act_and_show(call, &TrackedCommands::stop); }

// A restart goes on with the class that it has; who has edited the file is told so.
void tell_of_changed_file(const Call& call, const std::string& job) try {
  Supervisor supervisor{call.upstart->connection()};
  auto state = protocol::job_state_from_json(supervisor.DescribeJob(protocol::escaped(job)));
  if (!state || !state->replaced_by_newer || call.quiet()) return;
  call.context.out.flush();
  call.context.err << std::format(
      "{0}: its job file has {1} since it was started, which a restart does not look at: it takes effect "
      "with `stop {0}' and `start {0}'\n",
      job, state->file_gone ? "been removed" : "changed");
} catch (const sdbus::Error&) {} // an older init, or nothing that we may know

Outcome restart(Call& call) {
  auto outcome = act_and_show(call, &TrackedCommands::restart);
  tell_of_changed_file(call, subject_of(call).job);
  return outcome;
}

Outcome reload(Call& call) {
  auto subject = subject_of(call);
  auto job_class = call.upstart->job_class(subject.job);
  call.upstart->instance(find_instance(job_class, subject)).Reload();
  return 0;
}

// A class that has no instance is stopped; but an instance asked for by name, which is not there, is an error.
bool means_stopped(const sdbus::Error& error, const Subject& subject) {
  if (error.getName() != protocol::error_name::unknown_instance) return false;
  return subject.environment.empty() || error.getMessage().ends_with(": ");
}

Outcome status(Call& call) {
  auto subject = subject_of(call);
  auto job_class = call.upstart->job_class(subject.job);
  try {
    return show(call, call.upstart->status_at(subject.job, find_instance(job_class, subject)));
  } catch (const sdbus::Error& error) {
    if (means_stopped(error, subject)) return show(call, {.job = subject.job});
    const std::string& message = error.getMessage(); // without the usage that GetInstance adds
    throw sdbus::Error{error.getName(), message.substr(0, message.find("\nUsage: "))};
  }
}

Outcome show(Call& call, const LegacyService& service) {
  auto state = state_of(service);
  if (call.wants_json()) call.print_json(to_json(service, state));
  else call.print(to_text(service, state));
  return 0;
}

Outcome act_on_script(Call& call, const LegacyService& service, const std::string& argument) {
  if (argument == "status") return show(call, service);
  call.context.out.flush(); // before what the script prints
  if (auto ran = run_script(service, argument, call.arguments_from(1)); !ran)
    return std::unexpected{Failure{ran.error()}};
  return show(call, service);
}

// A command on a job; where there is none of that name, on the System V service.
template <Outcome (*command)(Call&)> Outcome or_script(Call& call, const char* argument) {
  try {
    return command(call);
  } catch (const sdbus::Error& error) {
    auto services = LegacyServices::of(call);
    if (error.getName() != protocol::error_name::unknown_job || !services || call.arguments.empty()) throw;
    auto service = services->find(call.arguments[0]);
    if (!service) throw;
    return act_on_script(call, *service, argument);
  }
}

// All that `list --all` shows, as text and as JSON, by name.
struct Listed {
  std::string name, text;
  Json json;
};

std::vector<Listed> listed_scripts(const Call& call, const std::vector<InstanceStatus>& jobs) {
  std::vector<Listed> listed;
  auto directory = LegacyServices::of(call);
  if (!directory) return listed;
  auto services = directory->all();
  std::erase_if(services,
                [&](const auto& each) { return std::ranges::contains(jobs, each.name, &InstanceStatus::job); });
  auto states = states_of(services);
  for (const auto& [service, state] : std::views::zip(services, states))
    listed.push_back({service.name, to_text(service, state), to_json(service, state)});
  return listed;
}

Outcome list_all(Call& call, const std::vector<InstanceStatus>& statuses) {
  auto all = listed_scripts(call, statuses);
  for (const auto& status : statuses) all.push_back({status.job, to_text(status), to_json(status)});
  std::ranges::stable_sort(all, {}, &Listed::name);
  Json document = Json::array();
  std::string text;
  for (const auto& each : all) {
    text += each.text;
    document.push_back(each.json);
  }
  if (call.wants_json()) call.print_json(document);
  else call.print(text);
  return 0;
}

Outcome list(Call& call) {
  auto statuses = call.upstart->all_statuses();
  if (call.has("--all")) return list_all(call, statuses);
  if (call.wants_json()) {
    Json document = Json::array();
    for (const auto& status : statuses) document.push_back(to_json(status));
    call.print_json(document);
    return 0;
  }
  std::string text;
  for (const auto& status : statuses) text += to_text(status);
  call.print(text);
  return 0;
}

const Option no_wait{"-n,--no-wait", "", "return at once, without waiting for the job to get there"};
constexpr std::string_view job_and_environment = "JOB [KEY=VALUE]...";

} // namespace

std::vector<Command> job_commands() {
  return {
      {.name = "start",
       .group = job_group,
       .summary = "Start a job.",
       .synopsis = job_and_environment,
       .about = "JOB is the name of the job to start. The variables that follow are defined in its environment; they "
                "may also decide "
                "which instance of the job is meant.\n"
                "A service is waited for until it runs, a task until it has ended. The status of the job is printed.\n"
                "Without JOB, inside a job's own process, the command is about that job and does not wait.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {no_wait},
       .run = [](Call& call) { return or_script<start>(call, "start"); },
       .is_program = true},
      {.name = "stop",
       .group = job_group,
       .summary = "Stop a job.",
       .synopsis = job_and_environment,
       .about = "The variables say which instance is meant, and are defined for its pre-stop and post-stop processes.\n"
                "The job is waited for until it has stopped. Its status is printed.\n"
                "Without JOB, inside a job's own process, the command is about that job and does not wait.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {no_wait},
       .run = [](Call& call) { return or_script<stop>(call, "stop"); },
       .is_program = true},
      {.name = "restart",
       .group = job_group,
       .summary = "Restart a running job.",
       .synopsis = job_and_environment,
       .about = "The job is stopped and started again as the class that it was started from; a changed job file takes "
                "effect with "
                "stop and start.\n"
                "Without JOB, inside a job's own process, the command is about that job and does not wait.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {no_wait},
       .run = [](Call& call) { return or_script<restart>(call, "restart"); },
       .is_program = true},
      {.name = "reload",
       .group = job_group,
       .summary = "Send the reload signal to a job.",
       .synopsis = job_and_environment,
       .about = "The main process of the job gets SIGHUP, or what the job file names as its reload signal.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {},
       .run = reload,
       .is_program = true},
      {.name = "status",
       .group = job_group,
       .summary = "Show the status of a job.",
       .synopsis = job_and_environment,
       .about = "Prints `JOB (INSTANCE) GOAL/STATE' and the processes of the job.\n"
                "Without JOB, inside a job's own process, the command is about that job.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {},
       .run = [](Call& call) { return or_script<status>(call, "status"); },
       .is_program = true},
      {.name = "list",
       .group = job_group,
       .summary = "List the status of all jobs.",
       .synopsis = "",
       .about =
           "One status for each instance, and one for each job that has none, sorted by name.\n"
           "With --all also the scripts of /etc/init.d that no job has replaced: what start, stop, restart and status "
           "reach where a name is that of no job.",
       .missing = "",
       .options = {{"-a,--all", "", "show System V services, too"}},
       .run = list},
  };
}

} // namespace upstart::client
