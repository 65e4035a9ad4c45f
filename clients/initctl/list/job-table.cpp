#include "clients/initctl/list/job-table.hpp"

#include "daemons/base/values/suggestions.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <format>
#include <ranges>

namespace upstart::client {

using WallTime = std::chrono::system_clock::time_point;

struct JobColumn {
  std::string_view name;
  TableColumn shape;
  bool is_usual;
  TableCell (*cell)(const JobRow&, WallTime now);
  std::int64_t (*number)(const JobRow&); // what it is sorted by, the largest first; nothing: by the text
};

namespace {

// What of a row is seen at a glance.
Colour colour_of(JobCondition condition) {
  switch (condition) {
  case JobCondition::running: return Colour::green;
  case JobCondition::changing: return Colour::yellow;
  case JobCondition::failed: return Colour::red;
  case JobCondition::disabled:
  case JobCondition::unknown: return Colour::grey;
  case JobCondition::waiting: return Colour::none;
  }
  return Colour::none;
}

// Of a job on its way the state that it is in.
std::string state_text(const JobRow& row) {
  if (row.condition != JobCondition::changing) return std::string{name_of(row.condition)};
  return row.status.goal == "stop" && row.status.state == "running" ? "stop/running" : row.status.state;
}

std::string process_text(const JobRow& row) {
  if (row.status.processes.empty()) return {};
  const auto& [name, pid] = row.status.processes.front();
  return name == "main" ? std::to_string(pid) : std::format("{} {}", name, pid);
}

// Why it failed is what one wants to read then.
std::string about(const JobRow& row) { return row.failure.empty() ? row.description : row.failure; }

std::string cpu_text(std::chrono::milliseconds time) {
  auto seconds = static_cast<double>(time.count()) / 1000;
  if (seconds < 60) return std::format("{:.1f}s", seconds);
  auto minutes = time.count() / 60'000;
  return minutes < 60 ? std::format("{}min", minutes) : std::format("{}h{:02}min", minutes / 60, minutes % 60);
}

std::int64_t memory_of(const JobRow& row) { return row.usage ? static_cast<std::int64_t>(row.usage->memory) : -1; }
std::int64_t cpu_of(const JobRow& row) { return row.usage ? row.usage->cpu.count() : -1; }
std::int64_t tasks_of(const JobRow& row) { return row.usage ? static_cast<std::int64_t>(row.usage->processes) : -1; }
std::int64_t restarts_of(const JobRow& row) { return static_cast<std::int64_t>(row.restarts); }

TableCell plain(std::string text) { return {.text = std::move(text)}; }

const std::array columns{
    JobColumn{"job",
              {.heading = "JOB", .cut_to = 20},
              true,
              [](const JobRow& row, WallTime) {
                return TableCell{shown_name(row.status.job, row.status.instance.value_or("")),
                                 row.condition == JobCondition::failed     ? Colour::red
                                 : row.condition == JobCondition::disabled ? Colour::grey
                                                                           : Colour::none};
              },
              nullptr},
    JobColumn{"state",
              {.heading = "STATE"},
              true,
              [](const JobRow& row, WallTime) { return TableCell{state_text(row), colour_of(row.condition)}; },
              nullptr},
    JobColumn{"goal",
              {.heading = "GOAL"},
              false,
              [](const JobRow& row, WallTime) { return plain(row.status.goal + "/" + row.status.state); },
              nullptr},
    JobColumn{"since",
              {.heading = "SINCE", .left_out = 3},
              true,
              [](const JobRow& row, WallTime now) { return plain(shown_since(row.since, now)); },
              [](const JobRow& row) { return row.since; }},
    JobColumn{"process",
              {.heading = "PROCESS", .right_aligned = true},
              true,
              [](const JobRow& row, WallTime) { return plain(process_text(row)); },
              [](const JobRow& row) {
                return row.status.processes.empty() ? std::int64_t{0} : row.status.processes.front().pid;
              }},
    JobColumn{"restarts",
              {.heading = "RESTARTS", .right_aligned = true, .left_out = 2},
              true,
              [](const JobRow& row, WallTime) {
                return TableCell{row.restarts == 0 ? "" : std::to_string(row.restarts), Colour::yellow};
              },
              restarts_of},
    JobColumn{"memory",
              {.heading = "MEMORY", .right_aligned = true, .left_out = 1},
              true,
              [](const JobRow& row, WallTime) { return plain(row.usage ? shown_size(row.usage->memory) : ""); },
              memory_of},
    JobColumn{"cpu",
              {.heading = "CPU", .right_aligned = true},
              false,
              [](const JobRow& row, WallTime) { return plain(row.usage ? cpu_text(row.usage->cpu) : ""); },
              cpu_of},
    JobColumn{"tasks",
              {.heading = "TASKS", .right_aligned = true},
              false,
              [](const JobRow& row, WallTime) { return plain(row.usage ? std::to_string(row.usage->processes) : ""); },
              tasks_of},
    JobColumn{"description",
              {.heading = "DESCRIPTION", .cut_to = 12, .left_out = 4},
              true,
              [](const JobRow& row, WallTime) { return plain(about(row)); },
              nullptr},
};

const JobColumn* find_column(std::string_view name) {
  auto found = std::ranges::find(columns, name, &JobColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

Failure no_such_column(std::string_view name) {
  std::string list;
  const auto names = column_names();
  for (auto known : names) list += (list.empty() ? "" : ", ") + std::string{known};
  if (name.empty()) return {"a column is missing; there are " + list, true};
  return {std::format("there is no column `{}'; there are {}", name, list), true, base::near_miss(name, names)};
}

} // namespace

JobColumns usual_columns() {
  JobColumns usual;
  for (const auto& column : columns)
    if (column.is_usual) usual.push_back(&column);
  return usual;
}

std::vector<std::string_view> column_names() {
  std::vector<std::string_view> names;
  for (const auto& column : columns) names.emplace_back(column.name);
  return names;
}

std::expected<JobColumns, Failure> columns_named(std::string_view names) {
  if (names.empty()) return std::unexpected{no_such_column(names)};
  JobColumns named;
  for (auto part : names | std::views::split(',')) {
    const auto* column = find_column(std::string_view{part});
    if (column == nullptr) return std::unexpected{no_such_column(std::string_view{part})};
    named.push_back(column);
  }
  return named;
}

std::expected<void, Failure> sort_rows(std::vector<JobRow>& rows, std::string_view name) {
  bool reversed = name.starts_with('-');
  const auto* column = find_column(reversed ? name.substr(1) : name);
  if (column == nullptr) return std::unexpected{no_such_column(reversed ? name.substr(1) : name)};
  auto before = [&](const JobRow& one, const JobRow& other) {
    if (column->number != nullptr) return column->number(one) > column->number(other);
    return column->cell(one, {}).text < column->cell(other, {}).text;
  };
  std::ranges::stable_sort(
      rows, [&](const JobRow& one, const JobRow& other) { return reversed ? before(other, one) : before(one, other); });
  return {};
}

Table table_of(const std::vector<JobRow>& rows, const JobColumns& chosen, WallTime now) {
  Table table;
  for (const auto* column : chosen) table.columns.push_back(column->shape);
  if (chosen != usual_columns())
    for (auto& column : table.columns) column.left_out = 0; // they were asked for
  for (const auto& row : rows) {
    auto& cells = table.rows.emplace_back();
    for (const auto* column : chosen) cells.push_back(column->cell(row, now));
  }
  return table;
}

std::string shown_since(std::int64_t microseconds, WallTime now) {
  if (microseconds == 0) return {};
  WallTime time{std::chrono::microseconds{microseconds}};
  auto seconds = std::chrono::system_clock::to_time_t(time), today = std::chrono::system_clock::to_time_t(now);
  std::tm then{}, broken_now{};
  ::localtime_r(&seconds, &then);
  ::localtime_r(&today, &broken_now);
  bool same_day = then.tm_yday == broken_now.tm_yday && then.tm_year == broken_now.tm_year;
  std::array<char, 32> text{};
  const char* form = same_day ? "%H:%M:%S" : now - time < std::chrono::days{180} ? "%b %e %H:%M" : "%Y-%m-%d";
  return {text.data(), std::strftime(text.data(), text.size(), form, &then)};
}

} // namespace upstart::client
