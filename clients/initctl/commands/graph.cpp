// graph: which events start and stop which jobs, for Graphviz.
#include "clients/base/supervisor.hpp"
#include "clients/base/upstart.hpp"
#include "clients/initctl/advice.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/graph/job-graph.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace upstart::client {

namespace {

// None of an init that does not list its jobs so.
std::vector<JobRow> rows_in(Upstart& upstart) try {
  auto summaries = protocol::job_summaries_from_json(Supervisor{upstart.connection()}.ListJobs());
  return summaries ? rows_of(*summaries, ProcessTable{{}}) : std::vector<JobRow>{};
} catch (const sdbus::Error& error) {
  if (is_lost(error)) throw;
  return {};
}

Outcome graph(Call& call) {
  auto classes = call.upstart->all_details();
  for (const auto& job : call.arguments)
    if (!std::ranges::contains(classes, job, &ClassDetails::name))
      return std::unexpected{Failure{"Unknown job: " + job, false, advice_on_missing(job, *call.upstart)}};
  auto drawn = graph_of(classes, call.upstart->all_statuses(), call.arguments);
  mark_conditions(drawn, rows_in(*call.upstart));
  if (call.wants_json()) call.print_json(to_json(drawn));
  else call.print(to_dot(drawn));
  return 0;
}

} // namespace

std::vector<Command> graph_commands() {
  return {{.name = "graph",
           .group = insight_group,
           .summary = "Draw which events start and stop which jobs.",
           .synopsis = "[JOB]...",
           .about =
               "Prints a graph in the language of Graphviz: `initctl graph | dot -Tsvg > jobs.svg'. Boxes are jobs: "
               "green ones run, yellow ones are on their way, red ones have failed, grey ones are disabled, dashed "
               "ones are named by others but not loaded. "
               "Ellipses are events. Green edges start, red dashed ones stop, grey dotted ones tell what a job "
               "emits; a square joins the events of an `and', a diamond those of an `or'. With JOBs only what "
               "touches them is drawn.",
           .missing = "",
           .completion = "jobs...",
           .options = {},
           .run = graph}};
}

} // namespace upstart::client
