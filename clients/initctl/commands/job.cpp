// Commands on jobs: start, stop, restart, reload, status.
#include "clients/base/commands/tracked-commands.hpp"
#include "clients/base/supervisor.hpp"
#include "clients/base/terminal/terminal.hpp"

#include "clients/initctl/advice.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/jobs/subjects.hpp"
#include "clients/initctl/legacy/legacy-services.hpp"
#include "clients/initctl/show/show.hpp"
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

// A process that waited for its own job's stop would wait for itself.
bool shall_wait(const Call& call, const Subject& subject) { return !call.has("--no-wait") && !subject.is_own_job; }

Path find_instance(JobClass& job_class, const Subject& subject) {
  return subject.instance ? job_class.GetInstanceByName(*subject.instance) : job_class.GetInstance(subject.environment);
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

// Acts on the subject; its status afterwards.
InstanceStatus act_on(Call& call, const Subject& subject, Act act) {
  TrackedCommands commands{*call.upstart};
  Path instance = (commands.*act)(subject.selection(), shall_wait(call, subject));
  return settled_status(*call.upstart, subject.job, instance);
}

InstanceStatus start(Call& call, const Subject& subject) {
  if (!call.has("--no-wait") || subject.is_own_job) return act_on(call, subject, &TrackedCommands::start);
  return TrackedCommands{*call.upstart}.start_and_look(subject.selection());
}
InstanceStatus stop(Call& call, const Subject& subject) { return act_on(call, subject, &TrackedCommands::stop); }

// What became of the file that a running job was started from. A stop would be the end of one that has none any more.
std::string fate_of_file(const protocol::JobState& state) {
  if (!state.file_broken.empty())
    return std::format(
        "its job file cannot be read as a job any more: {}; mend it before you stop the job, which could "
        "not be started again",
        state.file_broken);
  if (state.file_gone)
    return "its job file has been removed since it was started: once stopped it cannot be started again";
  return std::format("its job file has changed since it was started, which a restart does not look at: it takes effect "
                     "with `stop {0}' and `start {0}'",
                     state.name);
}

// A restart goes on with the class that it has; who has edited the file is told so.
void tell_of_changed_file(const Call& call, const std::string& job) try {
  Supervisor supervisor{call.upstart->connection()};
  auto state = protocol::job_state_from_json(supervisor.DescribeJob(protocol::escaped(job)));
  if (!state || !state->replaced_by_newer || call.quiet()) return;
  call.context.out.flush();
  call.context.err << job << ": " << fate_of_file(*state) << "\n";
} catch (const sdbus::Error&) {} // an older init, or nothing that we may know

InstanceStatus restart(Call& call, const Subject& subject) { return act_on(call, subject, &TrackedCommands::restart); }

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

InstanceStatus status(Call& call, const Subject& subject) {
  auto job_class = call.upstart->job_class(subject.job);
  try {
    return call.upstart->status_at(subject.job, find_instance(job_class, subject));
  } catch (const sdbus::Error& error) {
    if (means_stopped(error, subject)) return {.job = subject.job};
    const std::string& message = error.getMessage(); // without the usage that GetInstance adds
    throw sdbus::Error{error.getName(), message.substr(0, message.find("\nUsage: "))};
  }
}

// A command that acts on one job, or on several one after the other.
struct JobOperation {
  InstanceStatus (*act)(Call&, const Subject&);
  const char* script_argument; // what does the same to a System V service
  PatternMeaning pattern_meaning;
  bool acts_on_file = false; // it looks at no changed file, which is said
  // That an instance is not there is what was asked: programs compare the answer, and it needs no advice.
  bool only_asks = false;
};

// What a job or a System V service is like afterwards.
struct Shown {
  std::string text;
  Json json;
};

Shown shown(const InstanceStatus& status) { return {to_text(status), to_json(status)}; }

std::expected<Shown, Failure> act_on_script(Call& call, const LegacyService& service, const Subject& subject,
                                            const std::string& argument) {
  call.context.out.flush(); // before what the script prints
  if (argument != "status")
    if (auto ran = run_script(service, argument, subject.environment); !ran)
      return std::unexpected{Failure{ran.error()}};
  auto state = state_of(service);
  return Shown{to_text(service, state), to_json(service, state)};
}

// On a job; where there is none of that name, on the System V service.
std::expected<Shown, Failure> act_on_subject(Call& call, const Subject& subject, const JobOperation& operation) {
  try {
    return shown(operation.act(call, subject));
  } catch (const sdbus::Error& error) {
    if (operation.only_asks && error.getName() == protocol::error_name::unknown_instance)
      return std::unexpected{explained(error, call.upstart->connection().target())};
    auto services = LegacyServices::of(call);
    if (error.getName() != protocol::error_name::unknown_job || !services || subject.is_own_job) throw;
    auto service = services->find(subject.job);
    if (!service) throw;
    return act_on_script(call, *service, subject, operation.script_argument);
  }
}

std::string told_of(const Subject& subject, const std::string& message) {
  auto name = shown_name(subject.job, subject.instance.value_or(""));
  return message.contains(subject.job) ? message : std::format("{}: {}", name, message);
}

// The same, of which others follow: an error is told by the name of the job, unless all is done again for it.
std::expected<Shown, Failure> act_on_next(Call& call, const Subject& subject, const JobOperation& operation) {
  try {
    return act_on_subject(call, subject, operation);
  } catch (const sdbus::Error& error) {
    if (call.upstart->may_repeat(error)) throw;
    auto failure = explained(error, call.upstart->connection().target());
    failure.hint = advice_on_job(error, subject.job, *call.upstart);
    return std::unexpected{failure};
  }
}

Outcome act_on_all(Call& call, const std::vector<Subject>& subjects, const JobOperation& operation) {
  Json document = Json::array();
  std::string text, errors;
  for (const auto& subject : subjects) {
    auto acted = act_on_next(call, subject, operation);
    if (acted) {
      text += acted->text;
      document.push_back(acted->json);
      continue;
    }
    errors += std::format("{}: {}\n", call.context.program, told_of(subject, acted.error().message));
    if (!acted.error().hint.empty()) errors += std::format("{}: {}\n", call.context.program, acted.error().hint);
  }
  if (call.wants_json()) call.print_json(document);
  else call.print(text);
  call.context.out.flush();
  call.context.err << errors;
  return errors.empty() ? 0 : 1;
}

template <JobOperation (*operation)()> Outcome run_operation(Call& call) {
  auto several = several_subjects_of(call, operation().pattern_meaning);
  if (!several) return std::unexpected{several.error()};
  if (*several) return act_on_all(call, **several, operation());
  auto acted = act_on_subject(call, subject_of(call), operation());
  if (!acted) return std::unexpected{acted.error()};
  if (call.wants_json()) call.print_json(acted->json);
  else call.print(acted->text);
  if (operation().acts_on_file) tell_of_changed_file(call, subject_of(call).job);
  return 0;
}

JobOperation start_operation() { return {start, "start", PatternMeaning::jobs_without_instance}; }
JobOperation stop_operation() { return {stop, "stop", PatternMeaning::instances}; }
JobOperation restart_operation() { return {restart, "restart", PatternMeaning::instances, true}; }
JobOperation status_operation() {
  return {.act = status, .script_argument = "status", .pattern_meaning = PatternMeaning::both, .only_asks = true};
}

// On a terminal, with -v, all that is known.
Outcome run_status(Call& call) {
  bool is_for_people = terminal_width(call.context) && call.has("--verbose") && !call.wants_json();
  return is_for_people ? show_jobs(call) : run_operation<status_operation>(call);
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
                "Several JOBs are taken one after the other; one with *, ? or [...] is a pattern, which stands for all "
                "stopped jobs that it matches. An error names its job, and the exit status is 1 then.\n"
                "Without JOB, inside a job's own process, the command is about that job and does not wait.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {no_wait},
       .run = run_operation<start_operation>,
       .is_program = true},
      {.name = "stop",
       .group = job_group,
       .summary = "Stop a job.",
       .synopsis = job_and_environment,
       .about = "The variables say which instance is meant, and are defined for its pre-stop and post-stop processes.\n"
                "The job is waited for until it has stopped. Its status is printed.\n"
                "Several JOBs are taken one after the other; one with *, ? or [...] is a pattern, which stands for all "
                "instances of jobs that it matches. An error names its job, and the exit status is 1 then.\n"
                "Without JOB, inside a job's own process, the command is about that job and does not wait.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {no_wait},
       .run = run_operation<stop_operation>,
       .is_program = true},
      {.name = "restart",
       .group = job_group,
       .summary = "Restart a running job.",
       .synopsis = job_and_environment,
       .about = "The job is stopped and started again as the class that it was started from; a changed job file takes "
                "effect with "
                "stop and start.\n"
                "Several JOBs are taken one after the other; one with *, ? or [...] is a pattern, which stands for all "
                "instances of jobs that it matches. An error names its job, and the exit status is 1 then.\n"
                "Without JOB, inside a job's own process, the command is about that job and does not wait.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {no_wait},
       .run = run_operation<restart_operation>,
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
                "Several JOBs are taken one after the other; one with *, ? or [...] is a pattern, which stands for all "
                "jobs that it matches. An error names its job, and the exit status is 1 then.\n"
                "Without JOB, inside a job's own process, the command is about that job.",
       .missing = "job name",
       .completion = "jobs variables...",
       .own_job_will_do = true,
       .options = {},
       .run = run_status,
       .is_program = true},
  };
}

} // namespace upstart::client
