// The list of jobs as rows and as a table.
#include "clients/initctl/list/job-table.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <ranges>
#include <string_view>

using namespace upstart::client;
using upstart::protocol::JobSummary;

namespace {

ProcessTable processes() {
  return ProcessTable{{{.pid = 10, .parent = 1, .session = 10, .name = "web", .memory = 3 << 20},
                       {.pid = 11, .parent = 10, .session = 10, .name = "worker", .memory = 1 << 20},
                       {.pid = 12, .parent = 1, .session = 10, .name = "lost-child", .memory = 1 << 20},
                       {.pid = 13, .parent = 1, .session = 13, .name = "stranger", .memory = 1 << 30}}};
}

std::vector<JobSummary> summaries() {
  return {
      {.name = "bad", .failures = {{.instance = "", .time = 5, .text = "main process terminated with status 3"}}},
      {.name = "net",
       .instances = {{.name = "eth0", .goal = "stop", .state = "killed"}},
       .failures = {{.instance = "wlan0", .time = 6, .text = "no"}}},
      {.name = "off", .is_manual = true},
      {.name = "web",
       .description = "the pages",
       .instances = {
           {.name = "", .goal = "start", .state = "running", .since = 7, .respawns = 2, .processes = {{"main", 10}}}}}};
}

std::vector<std::string> shown(const std::vector<JobRow>& rows) {
  std::vector<std::string> lines;
  for (const auto& row : rows)
    lines.push_back(shown_name(row.status.job, row.status.instance.value_or("")) + " " +
                    std::string{name_of(row.condition)});
  return lines;
}

} // namespace

TEST_CASE("failed and disabled jobs are told apart from those that wait, and failed instances have rows of their own") {
  auto rows = rows_of(summaries(), processes());
  CHECK(shown(rows) == std::vector<std::string>{"bad failed", "net (eth0) changing", "net (wlan0) failed",
                                                "off disabled", "web running"});
  CHECK(counted(rows) == "5 jobs: 1 running, 1 changing, 2 failed, 1 disabled");
}

TEST_CASE("a job uses what its processes use, their children and those that have left their parents") {
  auto rows = rows_of(summaries(), processes());
  CHECK(rows.back().usage == Usage{.memory = 5 << 20, .cpu = {}, .processes = 3});
  CHECK_FALSE(rows.front().usage);
}

TEST_CASE("rows are chosen by condition and by pattern") {
  RowFilter failed{.conditions = {JobCondition::failed}, .patterns = {}},
      by_name{.conditions = {}, .patterns = {"w*", "off"}};
  auto rows = rows_of(summaries(), processes());
  CHECK(std::ranges::count_if(rows, [&](const auto& row) { return failed.accepts(row); }) == 2);
  CHECK(std::ranges::count_if(rows, [&](const auto& row) { return by_name.accepts(row); }) == 2);
}

TEST_CASE("on a narrow terminal the table has fewer columns, unless they were asked for, and jobs are cut last") {
  ::setenv("LC_ALL", "C.UTF-8", 1);
  auto rows = rows_of({{.name = "a-service-with-a-name-of-forty-characters",
                        .description = "A service with a description that is long, too",
                        .instances = {{.goal = "start", .state = "running", .processes = {{"main", 1234}}}}}},
                      processes());
  auto shown = [&](std::size_t width, const JobColumns& columns) {
    return *printed(table_of(rows, columns, {}), {.width = width});
  };
  auto is_within = [](const std::string& text, std::size_t width) {
    return std::ranges::all_of(text | std::views::split('\n'),
                               [&](auto line) { return shown_width(std::string_view{line}) <= width; });
  };
  for (std::size_t width : {20, 40, 60, 80, 120}) CHECK(is_within(shown(width, usual_columns()), width));
  CHECK(shown(40, usual_columns()) == "JOB                      STATE   PROCESS\n"
                                      "a-service-with-a-name-o… running    1234\n");
  CHECK(shown(80, usual_columns()).contains(" STATE   SINCE PROCESS RESTARTS MEMORY DESCRIPTION\n"));
  CHECK(shown(40, *columns_named("job,memory,restarts")).contains(" MEMORY RESTARTS\n"));
}

TEST_CASE("a column that is missing or misspelt is answered with those that there are") {
  CHECK(columns_named("").error().message.starts_with("a column is missing; there are job, state, "));
  CHECK(columns_named("job,stat").error().hint == "did you mean `state`?");
  std::vector<JobRow> none;
  CHECK(sort_rows(none, "-stat").error().hint == "did you mean `state`?");
}

TEST_CASE("rows are sorted by any column, numbers from the largest") {
  auto rows = rows_of(summaries(), processes());
  REQUIRE(sort_rows(rows, "memory"));
  CHECK(rows.front().status.job == "web");
  REQUIRE(sort_rows(rows, "-job"));
  CHECK(rows.front().status.job == "web");
  CHECK(sort_rows(rows, "size").error().message == "there is no column `size'; there are job, state, goal, since, "
                                                   "process, restarts, memory, cpu, tasks, description");
}

TEST_CASE("the table shows what is asked for, and of a failed job how it failed") {
  auto rows = rows_of(summaries(), processes());
  auto table = table_of(rows, *columns_named("job,state,memory,restarts,description"), {});
  CHECK(printed(table, {}) == "JOB         STATE    MEMORY RESTARTS DESCRIPTION\n"
                              "bad         failed                   main process terminated with status 3\n"
                              "net (eth0)  killed\n"
                              "net (wlan0) failed                   no\n"
                              "off         disabled\n"
                              "web         running    5.0M        2 the pages\n");
}

TEST_CASE("a time is shown as shortly as it can be understood") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  std::chrono::system_clock::time_point now{std::chrono::seconds{1'700'000'000}}; // 2023-11-14 22:13:20
  auto before = [&](std::chrono::seconds time) {
    return shown_since(std::chrono::duration_cast<std::chrono::microseconds>((now - time).time_since_epoch()).count(),
                       now);
  };
  CHECK(before(std::chrono::seconds{20}) == "22:13:00");
  CHECK(before(std::chrono::days{1}) == "Nov 13 22:13");
  CHECK(before(std::chrono::days{365}) == "2022-11-14");
  CHECK(shown_since(0, now) == "");
}

TEST_CASE("what the kernel tells of a process is read, whatever its name") {
  auto process = process_from_stat("42 (a) R 1 (x) S 7 42 40 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 1 0 1000 9 25 1 1\n");
  REQUIRE(process);
  CHECK(process->name == "a) R 1 (x");
  CHECK(process->parent == 7);
  CHECK(process->session == 40);
  CHECK(process->cpu == std::chrono::seconds{2});
  CHECK(process->memory == 25 * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  CHECK_FALSE(process_from_stat("nonsense"));
}
