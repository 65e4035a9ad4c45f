// explain: why is this job (not) running. Gathers what the supervisor and the broker know and what the job has printed.
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/explain/explanation.hpp"
#include "clients/initctl/log/log-file.hpp"

#include "protocol/environment.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

constexpr std::size_t log_lines_shown = 10;

// The log that belongs to a failure.
std::optional<LogTail> log_of(const Call& call, const Explanation& explanation) {
  if (!explanation.last_failure) return std::nullopt;
  auto directory = log_directory(call.context, *call.upstart);
  if (!directory) return std::nullopt;
  protocol::Environment environment{explanation.last_failure->event.environment};
  auto path = *directory / log_name(explanation.job, std::string{environment.get("INSTANCE").value_or("")});
  auto log = read_log(path, log_lines_shown);
  if (!log || log->text.empty()) return std::nullopt;
  LogTail tail{path.native(), {}};
  std::string_view shown = log->text;
  if (shown.ends_with('\n')) shown.remove_suffix(1);
  for (auto line : shown | std::views::split('\n')) tail.lines.emplace_back(std::string_view{line});
  return tail;
}

std::vector<JobFileOf> files_of(const std::vector<ClassState>& classes) {
  std::vector<JobFileOf> files;
  for (const auto& state : classes) files.push_back({state.name, state.file});
  return files;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Outcome explain_job(Call& call) {
  const std::string& job = call.arguments[0];
  auto classes = parse_state(call.upstart->manager().GetState());
  if (!classes)
    return std::unexpected{
        Failure{"init tells its state in a form that this program does not know: " + classes.error()}};
  auto state = std::ranges::find(*classes, job, &ClassState::name);
  if (state == classes->end()) return std::unexpected{Failure{no_such_job(job, files_of(*classes), exists)}};
  auto history = read_history(call.context, *call.upstart, 0);
  if (!history) return std::unexpected{history.error()};
  PossibleEvents possible{call.upstart->all_details(), {}};
  auto explanation = explain(*state, {*classes, *history, possible});
  explanation.log = log_of(call, explanation);
  if (call.wants_json()) call.print_json(to_json(explanation));
  else call.print(to_text(explanation));
  return 0;
}

} // namespace

std::vector<Command> explain_commands() {
  return {{.name = "explain",
           .group = insight_group,
           .summary = "Say why a job is running, or why not.",
           .synopsis = "JOB",
           .about = "For each event that the job waits for: whether it has been seen, when, and if not, why not. For "
                    "each instance: what it "
                    "waits for, who holds it up, and what it holds up. Then the last failure, and what the job printed "
                    "before it.",
           .missing = "job name",
           .options = {},
           .run = explain_job}};
}

} // namespace upstart::client
