#include "daemons/job-supervisor/lifecycle/variables.hpp"

#include <sys/wait.h>

#include <cstring>

namespace upstart::supervisor {

namespace {

// The job's own result, under the names of its events where nothing that the job was given has that name, and always
// with UPSTART_ before them.
void add_result(protocol::Environment& environment, const std::optional<Failure>& failure) {
  for (const char* key : {"UPSTART_PROCESS", "UPSTART_EXIT_STATUS", "UPSTART_EXIT_SIGNAL"}) environment.unset(key);
  auto result = result_environment(failure);
  for (const auto& variable : result.strings()) {
    environment.set_string(variable, false);
    environment.set_string("UPSTART_" + variable, true);
  }
}

} // namespace

std::string signal_name(int signal_number) {
  const char* name = ::sigabbrev_np(signal_number);
  return name != nullptr ? name : std::to_string(signal_number);
}

protocol::Environment result_environment(const std::optional<Failure>& failure) {
  protocol::Environment environment;
  environment.set("RESULT", failure ? "failed" : "ok");
  if (!failure) return environment;
  environment.set("PROCESS", failure->process ? name_of(*failure->process) : "respawn");
  if (!failure->wait_status) return environment;
  int status = *failure->wait_status;
  if (WIFSIGNALED(status)) environment.set("EXIT_SIGNAL", signal_name(WTERMSIG(status)));
  else environment.set("EXIT_STATUS", std::to_string(WEXITSTATUS(status)));
  return environment;
}

protocol::Environment event_environment(const Life& life, const JobClass& job_class, bool with_result) {
  protocol::Environment environment;
  environment.set("JOB", job_class.name);
  environment.set("INSTANCE", life.instance);
  if (with_result) environment.merge(result_environment(life.setbacks->failure));
  for (const auto& key : job_class.exports)
    if (auto value = life.environment.get(key); value && !environment.contains(key)) environment.set(key, *value);
  return environment;
}

protocol::Environment process_environment(const Life& life, ProcessKind process) {
  auto environment = life.environment;
  if (process == ProcessKind::pre_stop || process == ProcessKind::post_stop) {
    environment.merge(life.rare->stop_environment);
    add_result(environment, life.setbacks->failure ? life.setbacks->failure : life.setbacks->respawned_after);
  }
  return environment;
}

} // namespace upstart::supervisor
