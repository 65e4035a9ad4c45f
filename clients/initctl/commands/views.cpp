// plot, blame, critical-chain: where the time of jobs went; top: a live view. Done by programs of their own.
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/simulate/helper-program.hpp"

#include <filesystem>

namespace upstart::client {

namespace {

// The options of the call that the programs take as well.
std::vector<std::string> options_for_program(const Call& call) {
  std::vector<std::string> words;
  for (const auto* flag : {"--json", "--html", "--all", "--user"})
    if (call.has(flag)) words.emplace_back(flag);
  if (auto bus = call.options.last_of({"--session", "--system"}); !bus.empty()) words.push_back(bus);
  if (auto name = call.options.value("--dest")) words.insert(words.end(), {"--dest", *name});
  return words;
}

Outcome show(const Call& call, const char* view) {
  if (call.quiet()) return 0;
  auto words = options_for_program(call);
  words.insert(words.begin(), view);
  words.emplace_back("--");
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  return std::unexpected{become_helper(call.context, "upstart-views", std::move(words))};
}

// It runs this program for what it shows of a job.
Outcome top(const Call& call) {
  if (call.wants_json()) return std::unexpected{Failure{"top has no JSON output; use `initctl monitor --json'", true}};
  std::error_code error;
  auto words = options_for_program(call);
  words.insert(words.end(), {"--initctl", std::filesystem::read_symlink("/proc/self/exe", error)});
  if (auto delay = call.options.value("--delay")) words.insert(words.end(), {"--delay", *delay});
  return std::unexpected{become_helper(call.context, "upstart-top", std::move(words))};
}

const Option all_runs{"-a,--all", "", "all that is known until now, not the boot alone"};

} // namespace

std::vector<Command> views_commands() {
  return {{.name = "plot",
           .group = insight_group,
           .summary = "Draw when jobs started, ran and stopped.",
           .synopsis = "",
           .about =
               "Prints a picture (SVG): `initctl plot > boot.svg'. Each job is a bar from starting over running to "
               "stopped, the time of its processes beside the main one shaded; an arrow leads to it from what "
               "started it; the critical chain is red. With --html a page to look at in a browser, which needs no "
               "network: zoom, filter, a table beside it.\n"
               "A boot lasts from the beginning of init until no job has got to another state for ten seconds. Of each "
               "job the present run is known, and of those that are over the first and the last.",
           .missing = "",
           .options = {all_runs, {"--html", "", "a page with zoom, filter and a table instead of a picture"}},
           .run = [](Call& call) { return show(call, "plot"); },
           .daemon = Daemon::not_needed},
          {.name = "blame",
           .group = insight_group,
           .summary = "List how long jobs took to get up, the longest first.",
           .synopsis = "",
           .about = "One line a run: how long it took from starting until the job was up, and where most of that went. "
                    "A service is up when it runs, a task when it has ended.",
           .missing = "",
           .options = {all_runs},
           .run = [](Call& call) { return show(call, "blame"); },
           .daemon = Daemon::not_needed},
          {.name = "critical-chain",
           .group = insight_group,
           .summary = "Show what a job waited for, step by step.",
           .synopsis = "[JOB]",
           .about = "Shows the job that was up last, or JOB; below it the event that started it and the job that "
                    "emitted this, and so on. A job that was held up by others, which start on its event starting, is "
                    "followed by the last of those.",
           .missing = "",
           .completion = "jobs",
           .options = {},
           .run = [](Call& call) { return show(call, "critical-chain"); },
           .daemon = Daemon::not_needed},
          {.name = "top",
           .group = insight_group,
           .summary = "Watch jobs, what they use, and events, live.",
           .synopsis = "",
           .about =
               "Jobs in the order of the processor time that they use, with memory and restarts, and below them the "
               "events that pass. Keys: up and down pick a job; e explains it, l shows its log, s starts, x stops, "
               "r restarts it; / filters, o changes the order, ? shows all keys, q leaves.",
           .missing = "",
           .options = {{"-d,--delay", "SECONDS", "time between two looks at the processes; 2 if not given"}},
           .run = [](Call& call) { return top(call); },
           .daemon = Daemon::not_needed}};
}

} // namespace upstart::client
