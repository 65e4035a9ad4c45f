// explain: why is this job (not) running. Gathers what the supervisor and the broker know and what the job has printed.
#include "clients/initctl/explain/explain.hpp"
#include "clients/base/terminal/terminal.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/explain/gathering.hpp"
#include "clients/initctl/explain/one-instance.hpp"
#include "clients/initctl/jobs/instance-meant.hpp"

#include <nlohmann/json.hpp>

namespace upstart::client {

namespace {

constexpr std::size_t log_lines_shown = 10;

Outcome explain_job(Call& call) {
  if (auto fault = fault_in_variables(call.arguments_from(1))) return std::unexpected{*fault};
  auto state = describe(call, call.arguments[0]);
  if (!state && call.arguments[0] == "init" && !state.error().hint.empty()) { // no job of that name: the process itself
    call.print(state.error().hint + "\n");
    return 0;
  }
  if (!state) return std::unexpected{state.error()};
  auto instance = instance_meant(*call.upstart, call.arguments[0], call.arguments_from(1));
  if (instance) keep_instance(*state, *instance);
  auto knowledge = gather(*state, call);
  if (!knowledge) return std::unexpected{knowledge.error()};
  if (instance) keep_instance(*knowledge, state->name, *instance);
  auto explanation = explain(*state, *knowledge);
  if (instance) name_instance(explanation, *instance);
  locate(explanation, call);
  if (auto warning = missing_log_directory(call); !warning.empty()) explanation.warnings.push_back(warning);
  if (const auto& failure = explanation.last_failure)
    explanation.log = log_tail(call, explanation.job, value_of(failure->event, "INSTANCE"), log_lines_shown);
  if (call.wants_json()) call.print_json(to_json(explanation));
  else call.print(to_text(explanation, terminal_width(call.context).value_or(explanation_width)));
  return 0;
}

} // namespace

std::vector<Command> explain_commands() {
  return {{.name = "explain",
           .group = insight_group,
           .summary = "Say why a job is running, or why not.",
           .synopsis = "JOB [KEY=VALUE]...",
           .about = "For each event that the job waits for: whether it has been seen, when, and if not, why not. For "
                    "each instance: what it "
                    "waits for, who holds it up, and what it holds up. Then the last failure, and what the job printed "
                    "before it.\n"
                    "With variables only the instance that they name is looked at.",
           .missing = "job name",
           .completion = "jobs variables...",
           .options = {},
           .run = explain_job}};
}

} // namespace upstart::client
