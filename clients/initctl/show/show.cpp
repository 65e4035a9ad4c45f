#include "clients/initctl/show/show.hpp"

#include "clients/base/read-to-end.hpp"
#include "clients/base/supervisor.hpp"
#include "clients/base/terminal/terminal.hpp"
#include "clients/initctl/explain/explain.hpp"
#include "clients/initctl/explain/gathering.hpp"
#include "clients/initctl/explain/one-instance.hpp"
#include "clients/initctl/jobs/instance-meant.hpp"
#include "clients/initctl/show/job-details.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "protocol/text.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>
#include <format>
#include <ranges>
#include <set>

namespace upstart::client {

namespace {

constexpr std::size_t log_lines_shown = 10, override_lines_shown = 20;

std::string text_of_file(const std::string& path) {
  base::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return file ? read_to_end(file.get()) : std::string{};
}

std::string command_of(const KnownProcess& process) {
  auto line = text_of_file(std::format("/proc/{}/cmdline", process.pid));
  while (line.ends_with('\0')) line.pop_back();
  std::ranges::replace(line, '\0', ' ');
  return harmless(line.empty() ? std::format("[{}]", process.name) : line);
}

std::vector<FileLine> lines_of_override(const std::string& path) {
  std::vector<FileLine> lines;
  if (path.empty()) return lines;
  std::size_t number = 0;
  for (auto part : text_of_file(path) | std::views::split('\n')) {
    std::string line{std::string_view{part}};
    ++number;
    auto begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#' || lines.size() == override_lines_shown) continue;
    lines.push_back({number, line});
  }
  return lines;
}

std::vector<std::string> watches_in(const Knowledge& knowledge) {
  std::vector<std::string> watches;
  for (const auto& bridge : knowledge.bridges)
    for (const auto& watch : bridge.watches) watches.push_back(std::format("{} ({})", watch.what, watch.state));
  return watches;
}

std::expected<JobDetails, Failure> details_of(const Call& call, const Subject& subject, const ProcessTable& processes) {
  if (auto fault = fault_in_variables(subject.environment)) return std::unexpected{*fault};
  const auto& job = subject.job;
  auto state = describe(call, job);
  if (!state) return std::unexpected{state.error()};
  auto meant = instance_meant(*call.upstart, job, subject.environment);
  if (meant) keep_instance(*state, *meant);
  auto knowledge = gather(*state, call);
  if (!knowledge) return std::unexpected{knowledge.error()};
  if (meant) keep_instance(*knowledge, job, *meant);
  Supervisor supervisor{call.upstart->connection()};
  JobDetails details{.state = *state,
                     .explanation = explain(*state, *knowledge),
                     .stopped = stopped_rows_of(*state),
                     .instances = {},
                     .override_lines = lines_of_override(state->override_file),
                     .settings = settings_in(supervisor.PrintClass(protocol::escaped(job))),
                     .watches = watches_in(*knowledge),
                     .log = {}};
  if (meant) name_instance(details.explanation, *meant);
  for (const auto& [instance, finding] : std::views::zip(state->instances, details.explanation.instances)) {
    auto row = row_of(*state, instance, processes);
    auto trees = trees_of(row.status, processes, command_of);
    details.instances.push_back({.finding = finding,
                                 .row = std::move(row),
                                 .processes = std::move(trees),
                                 .log = log_tail(call, job, instance.name, log_lines_shown)});
  }
  if (state->instances.empty())
    details.log = log_tail(call, job, meant.value_or(state->failures.empty() ? "" : state->failures.front().instance),
                           log_lines_shown);
  return details;
}

// Each job once.
std::expected<std::vector<Subject>, Failure> jobs_of(Call& call) {
  auto several = several_subjects_of(call, PatternMeaning::both);
  if (!several) return std::unexpected{several.error()};
  if (!*several) return std::vector{subject_of(call)};
  std::vector<Subject> jobs;
  for (const auto& subject : **several)
    if (!std::ranges::contains(jobs, subject.job, &Subject::job)) jobs.push_back(subject);
  return jobs;
}

} // namespace

Outcome show_jobs(Call& call) {
  auto jobs = jobs_of(call);
  if (!jobs) return std::unexpected{jobs.error()};
  auto processes = ProcessTable::of_this_machine();
  std::string text, errors;
  Json documents = Json::array();
  for (const auto& job : *jobs) {
    auto details = details_of(call, job, processes);
    if (!details && jobs->size() == 1) return std::unexpected{details.error()};
    if (!details) {
      errors += std::format("{}: {}\n", call.context.program, details.error().message);
      continue;
    }
    text += (text.empty() ? "" : "\n") + to_text(*details, table_style(call.context), std::chrono::system_clock::now());
    documents.push_back(to_json(*details));
  }
  if (call.wants_json()) call.print_json(jobs->size() == 1 ? documents.front() : documents);
  else call.print_raw(text);
  call.context.out.flush();
  call.context.err << errors;
  return errors.empty() ? 0 : 1;
}

} // namespace upstart::client
