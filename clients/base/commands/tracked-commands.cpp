#include "clients/base/commands/tracked-commands.hpp"

#include "clients/base/supervisor.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <array>

namespace upstart::client {

namespace {

using Path = sdbus::ObjectPath;
using Strings = std::vector<std::string>;

Strings details_of(const JobSelection& job) {
  auto name = protocol::escaped(job.job);
  return job.instance ? Strings{name, *job.instance} : Strings{name};
}

// By the token, else by what every Upstart knows.
template <typename Do, typename DoOnce> auto track(Upstart& upstart, Do with_token, DoOnce once) {
  try {
    Supervisor supervisor{upstart.connection()};
    return with_token(supervisor, upstart.next_token());
  } catch (const sdbus::Error& error) {
    if (!is_not_taken(error)) throw;
  }
  upstart.must_not_repeat();
  return once();
}

Path named_instance(Upstart& upstart, const JobSelection& job) {
  return upstart.job_class(job.job).GetInstanceByName(*job.instance);
}

Path start_once(Upstart& upstart, const JobSelection& job, bool wait) {
  if (!job.instance) return upstart.job_class(job.job).Start(job.environment, wait);
  auto path = named_instance(upstart, job);
  upstart.instance(path).Start(wait);
  return path;
}

Path stop_once(Upstart& upstart, const JobSelection& job, bool wait) {
  if (job.instance) {
    auto path = named_instance(upstart, job);
    upstart.instance(path).Stop(wait);
    return path;
  }
  auto job_class = upstart.job_class(job.job);
  auto path = job_class.GetInstance(job.environment);
  job_class.Stop(job.environment, wait);
  return path;
}

Path restart_once(Upstart& upstart, const JobSelection& job, bool wait) {
  if (!job.instance) return upstart.job_class(job.job).Restart(job.environment, wait);
  auto path = named_instance(upstart, job);
  upstart.instance(path).Restart(wait);
  return path;
}

} // namespace

Path TrackedCommands::start(const JobSelection& job, bool wait) {
  return track(
      upstart_,
      [&](Supervisor& supervisor, const std::string& token) {
        return supervisor.StartJob(token, details_of(job), job.environment, wait);
      },
      [&] { return start_once(upstart_, job, wait); });
}

Path TrackedCommands::stop(const JobSelection& job, bool wait) {
  return track(
      upstart_,
      [&](Supervisor& supervisor, const std::string& token) {
        return supervisor.StopJob(token, details_of(job), job.environment, wait);
      },
      [&] { return stop_once(upstart_, job, wait); });
}

Path TrackedCommands::restart(const JobSelection& job, bool wait) {
  return track(
      upstart_,
      [&](Supervisor& supervisor, const std::string& token) {
        return supervisor.RestartJob(token, details_of(job), job.environment, wait);
      },
      [&] { return restart_once(upstart_, job, wait); });
}

InstanceStatus TrackedCommands::start_and_look(const JobSelection& job) {
  Path likely{protocol::instance_path(job.job, "")};
  std::optional<InstanceStatus> seen;
  auto ask_for = [&](const Path& path, const char* interface, const char* method,
                     const Questions::Arguments& arguments) {
    std::optional<Path> started;
    Questions questions{upstart_.connection()};
    questions.ask<Path>(path, interface, method, arguments, [&](const Path& answer) { started = answer; });
    questions.ask_properties(likely, Instance::INTERFACE_NAME,
                             [&](const Properties& answer) { seen = status_from(job.job, answer); });
    questions.wait();
    return started;
  };
  auto started = ask_for(Path{protocol::path::job_supervisor}, Supervisor::INTERFACE_NAME, "StartJob",
                         [&, token = upstart_.next_token()](sdbus::MethodCall& call) {
                           call << token << details_of(job) << job.environment << false;
                         });
  if (!started) { // there is no such method
    upstart_.must_not_repeat();
    started = ask_for(upstart_.manager().GetJobByName(protocol::escaped(job.job)), JobClass::INTERFACE_NAME, "Start",
                      [&](sdbus::MethodCall& call) { call << job.environment << false; });
  }
  if (seen && started == likely) return *seen;
  return started ? upstart_.status_at(job.job, *started) : InstanceStatus{.job = job.job};
}

void TrackedCommands::emit(const std::string& event, const Strings& environment, bool wait) {
  track(
      upstart_,
      [&](Supervisor& supervisor, const std::string& token) { supervisor.EmitEvent(token, event, environment, wait); },
      [&] { upstart_.manager().EmitEvent(event, environment, wait); });
}

} // namespace upstart::client
