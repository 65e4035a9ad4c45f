// list: the status of all jobs; on a terminal as a table.
#include "clients/base/supervisor.hpp"
#include "clients/base/terminal/terminal.hpp"
#include "clients/base/upstart.hpp"
#include "clients/initctl/advice.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/legacy/legacy-services.hpp"
#include "clients/initctl/list/job-table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>
#include <iterator>
#include <ranges>

namespace upstart::client {

namespace {

struct ConditionOption {
  std::string_view option;
  std::vector<JobCondition> conditions;
};

const std::vector<ConditionOption>& condition_options() {
  using enum JobCondition;
  static const std::vector<ConditionOption> all{
      {"--failed", {failed}}, {"--running", {running, changing}}, {"--waiting", {waiting, disabled}}};
  return all;
}

RowFilter filter_of(const Call& call) {
  RowFilter filter{.conditions = {}, .patterns = call.arguments};
  for (const auto& [option, conditions] : condition_options())
    if (call.has(option)) filter.conditions.insert(filter.conditions.end(), conditions.begin(), conditions.end());
  return filter;
}

struct KnownScript {
  LegacyService service;
  LegacyState state;
};

// The System V services that no job has replaced, where they are asked for.
template <typename IsJob> std::vector<KnownScript> scripts_beside_jobs(const Call& call, const IsJob& is_job) {
  std::vector<KnownScript> known;
  auto directory = LegacyServices::of(call);
  if (!directory) return known;
  auto services = directory->all();
  std::erase_if(services, [&](const auto& each) { return is_job(each.name); });
  auto states = states_of(services);
  for (const auto& [service, state] : std::views::zip(services, states)) known.push_back({service, state});
  return known;
}

std::vector<JobRow> script_rows(const Call& call, const std::vector<JobRow>& jobs) {
  std::vector<JobRow> rows;
  auto is_job = [&](const std::string& name) {
    return std::ranges::any_of(jobs, [&](const JobRow& row) { return row.status.job == name; });
  };
  for (const auto& [service, state] : scripts_beside_jobs(call, is_job)) {
    JobRow row{.status = {.job = service.name},
               .condition = JobCondition::waiting,
               .usage = {},
               .description = {},
               .failure = {}};
    if (state == LegacyState::unknown) row.condition = JobCondition::unknown;
    if (state == LegacyState::running) row.condition = JobCondition::running;
    row.description = "System V script " + service.script;
    rows.push_back(std::move(row));
  }
  return rows;
}

Failure not_understood(const protocol::StateError& error) {
  if (!error.version) return {"init lists its jobs in a form that cannot be read: " + error.message};
  return {
      std::format("this initctl speaks version {} of the list of jobs, init speaks version {}: use the initctl that "
                  "belongs to the running init, or restart init",
                  protocol::summary_version, *error.version)};
}

using Rows = std::expected<std::vector<JobRow>, Failure>;

// All that are wanted, in the order that is asked for.
Rows wanted_rows(const Call& call) {
  auto summaries = protocol::job_summaries_from_json(Supervisor{call.upstart->connection()}.ListJobs());
  if (!summaries) return std::unexpected{not_understood(summaries.error())};
  auto rows = rows_of(*summaries, ProcessTable::of_this_machine());
  if (call.has("--all")) std::ranges::move(script_rows(call, rows), std::back_inserter(rows));
  std::erase_if(rows, [filter = filter_of(call)](const JobRow& row) { return !filter.accepts(row); });
  auto sorted = sort_rows(rows, call.options.value("--sort").value_or("job"));
  if (!sorted) return std::unexpected{sorted.error()};
  return rows;
}

Outcome print_table(Call& call, const std::vector<JobRow>& rows) {
  auto named = call.options.value("--columns");
  auto columns = named ? columns_named(*named) : usual_columns();
  if (!columns) return std::unexpected{columns.error()};
  auto text = printed(table_of(rows, *columns, std::chrono::system_clock::now()), table_style(call.context));
  if (!text) return std::unexpected{Failure{text.error()}};
  call.print_raw(*text); // libsmartcols shows control characters in the same way
  if (terminal_width(call.context)) call.print(std::format("\n{}\n", counted(rows)));
  return 0;
}

Outcome print_lines(Call& call, const std::vector<JobRow>& rows) {
  std::string text;
  for (const auto& row : rows) text += to_text(row.status);
  call.print(text);
  return 0;
}

Outcome print_rows_json(Call& call, const std::vector<JobRow>& rows) {
  Json document = Json::array();
  for (const auto& row : rows) document.push_back(to_json(row));
  call.print_json(document);
  return 0;
}

bool wants_table(const Call& call) {
  return call.has("--table") || call.has("--columns") || terminal_width(call.context).has_value();
}

bool names_rows(const Call& call) {
  return call.has("--table") || call.has("--columns") || call.has("--sort") || !call.arguments.empty() ||
         std::ranges::any_of(condition_options(), [&](const auto& each) { return call.has(each.option); });
}

Outcome list_rows(Call& call) {
  auto rows = wanted_rows(call);
  if (!rows) return std::unexpected{rows.error()};
  if (rows->empty() && !call.arguments.empty() && !call.wants_json())
    return std::unexpected{Failure{std::format("no job matches `{}'", call.arguments.front()), false,
                                   advice_on_missing(call.arguments.front(), *call.upstart)}};
  if (call.wants_json()) return print_rows_json(call, *rows);
  return wants_table(call) ? print_table(call, *rows) : print_lines(call, *rows);
}

// --- as the original does it ---------------------------------------------------------------------------------------

// All that `list --all` shows, as text and as JSON, by name.
struct Listed {
  std::string name, text;
  Json json;
};

std::vector<Listed> listed_scripts(const Call& call, const std::vector<InstanceStatus>& jobs) {
  std::vector<Listed> listed;
  auto is_job = [&](const std::string& name) { return std::ranges::contains(jobs, name, &InstanceStatus::job); };
  for (const auto& [service, state] : scripts_beside_jobs(call, is_job))
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

Outcome list_plainly(Call& call) {
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

// On a terminal a table, where init, its bus and this machine can do that.
Outcome list(Call& call) {
  if (names_rows(call)) return list_rows(call);
  if (!terminal_width(call.context) || call.wants_json()) return list_plainly(call);
  try {
    if (auto listed = list_rows(call)) return listed;
  } catch (const sdbus::Error& error) {
    if (is_lost(error)) throw;
  }
  return list_plainly(call);
}

// Each column, and each the other way round.
std::string orders() {
  auto words = choices_of(column_names());
  for (auto name : column_names()) words += std::format("|-{}", name);
  return words;
}

} // namespace

std::vector<Command> list_commands() {
  return {
      {.name = "list",
       .group = job_group,
       .summary = "List the status of all jobs.",
       .synopsis = "[PATTERN]...",
       .about =
           "One status for each instance, and one for each job that has none, sorted by name. On a terminal this is "
           "a table, elsewhere lines as `status' prints them; PATTERNs (with *, ? and [...]) and options choose "
           "among them.\n"
           "Columns are job, state, goal, since, process, restarts, memory, cpu, tasks and description, which of a "
           "failed job says how it failed. The environment variable NO_COLOR, or TERM=dumb, turns colours off.\n"
           "With --all also the scripts of /etc/init.d that no job has replaced: what start, stop, restart and "
           "status reach where a name is that of no job.",
       .missing = "",
       .completion = "jobs...",
       .options = {{"-a,--all", "", "show System V services, too"},
                   {"--failed", "", "only those whose last run failed"},
                   {"--running", "", "only those that run, or are on their way to or from that"},
                   {"--waiting", "", "only those that are stopped and have not failed"},
                   {"--table", "", "print a table, also where the output is no terminal"},
                   {"--columns", "NAME,...", "print a table with these columns", choices_of(column_names()) + ",..."},
                   {"--sort", "COLUMN", "sort by this column; by -COLUMN the other way round", orders()}},
       .run = list}};
}

} // namespace upstart::client
