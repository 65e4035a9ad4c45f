// The details of a job, as text and as JSON.
#include "clients/initctl/show/job-details.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace upstart::client;
using upstart::protocol::JobState;

namespace {

ProcessTable processes() {
  return ProcessTable{{{.pid = 10, .parent = 1, .session = 10, .name = "web", .memory = 3 << 20},
                       {.pid = 11, .parent = 10, .session = 10, .name = "worker", .memory = 1 << 20},
                       {.pid = 12, .parent = 11, .session = 10, .name = "helper"},
                       {.pid = 13, .parent = 1, .session = 10, .name = "stray"}}};
}

JobState running() {
  return {
      .name = "web",
      .description = "the pages",
      .file = "/etc/init/web.conf",
      .records = {{.time = 1'700'000'000'000'000, .kind = "started", .instance = "", .text = "started by a command"},
                  {.time = 1'700'000'010'000'000,
                   .kind = "respawned",
                   .instance = "",
                   .text = "main process terminated with status 4; it is respawned",
                   .times = 3}},
      .override_file = "/etc/init/web.override",
      .instances = {{.name = "", .goal = "start", .state = "running", .processes = {{"main", 10}}}}};
}

JobDetails details_of(JobState state) {
  JobDetails details{.state = state,
                     .explanation = {.job = state.name, .file = state.file, .verdict = "because.", .start_on = {}},
                     .stopped = stopped_rows_of(state),
                     .settings = {"limit nofile 1024 4096"},
                     .watches = {"socket tcp:80 (listening)"}};
  for (const auto& instance : state.instances) {
    auto row = row_of(state, instance, processes());
    auto trees = trees_of(row.status, processes(), [](const KnownProcess& process) { return process.name; });
    details.explanation.instances.push_back({.status = row.status, .cause = "by a command"});
    details.instances.push_back({.finding = details.explanation.instances.back(), .row = row, .processes = trees});
  }
  return details;
}

WallTime some_time() { return WallTime{std::chrono::seconds{1'700'000'070}}; }

} // namespace

TEST_CASE("of a running job the processes are shown as a tree, with what they use, and how often it was restarted") {
  auto text = to_text(details_of(running()), {}, some_time());
  CHECK(text.starts_with("web — the pages\n"));
  CHECK(text.contains("    state: running since "));
  CHECK(text.contains(" (1 min 0 s)\n"));
  CHECK(text.contains("     uses: 4 processes, memory 4.0M, CPU 0.0 s\n"));
  CHECK(text.contains("     main: 10 web\n"
                      "           ├─ 11 worker\n"
                      "           │  └─ 12 helper\n"
                      "           └─ 13 stray\n"));
  CHECK(text.contains(" restarts: 3\n"));
  CHECK(text.contains("main process terminated with status 4; it is respawned (3 times)\n"));
  CHECK(text.contains("  watched: socket tcp:80 (listening)\n settings: limit nofile 1024 4096\n"));
  CHECK(text.contains("     file: /etc/init/web.conf\n override: /etc/init/web.override\n"));
}

TEST_CASE("of a failed job it is shown how it failed, of a disabled one where it is disabled") {
  JobState failed{.name = "web",
                  .failures = {{.instance = "", .time = 1, .text = "main process killed by SEGV signal"}}};
  auto text = to_text(details_of(failed), {.width = 80, .coloured = true}, some_time());
  CHECK(text.contains("\033[31mfailed since "));
  CHECK(text.contains("  failure: main process killed by SEGV signal\n"));
  CHECK(text.contains("      why: because.\n"));
  auto disabled = details_of({.name = "web", .override_file = "/o", .manual_at = "/o:2"});
  disabled.override_lines = {{2, "manual"}};
  CHECK(to_text(disabled, {}, some_time()).contains("    state: disabled\n"));
  CHECK(to_text(disabled, {}, some_time()).contains("           line 2: manual\n"));
}

TEST_CASE("settings are the stanzas that say how processes run, not what stands in scripts") {
  CHECK(settings_in("description \"x\"\nlimit nofile 10 20\nscript\nnice 5\nend script\nsetuid www\nstart on go\n") ==
        std::vector<std::string>{"limit nofile 10 20", "setuid www"});
}

TEST_CASE("the same as JSON") {
  auto document = to_json(details_of(running()));
  CHECK(document["condition"] == "running");
  CHECK(document["instances"][0]["restarts"] == 3);
  CHECK(document["instances"][0]["memory"] == 4 << 20);
  CHECK(document["instances"][0]["tree"][0]["children"][0]["children"][0]["command"] == "helper");
  CHECK(document["instances"][0]["started"] == "by a command");
  CHECK(document["settings"][0] == "limit nofile 1024 4096");
}
