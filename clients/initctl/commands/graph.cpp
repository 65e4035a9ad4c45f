// graph: which events start and stop which jobs, for Graphviz.
#include "clients/base/upstart.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/conditions/conditions.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>
#include <set>

namespace upstart::client {

namespace {

// From a job (one of its life events) or an event to a job that it starts or stops, or from a job to an event it emits.
struct Edge {
  std::string from, to;
  enum class Kind : std::uint8_t { starts, stops, emits } kind;
  std::string label;     // the life event, and what narrows it down
  bool from_job = false; // else `from` is an event
};

std::string words_joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void add_condition(std::vector<Edge>& edges, const std::string& job, const Postfix& postfix, Edge::Kind kind) {
  auto condition = tree_of(postfix);
  if (!condition) return;
  for (const auto* event : events_of(*condition)) {
    auto other = job_named_by(*event);
    if (other.empty()) edges.push_back({event->event, job, kind, words_joined(event->arguments)});
    else edges.push_back({other, job, kind, event->event, true});
  }
}

std::vector<Edge> edges_of(const std::vector<ClassDetails>& classes) {
  std::vector<Edge> edges;
  for (const auto& details : classes) {
    add_condition(edges, details.name, details.start_on, Edge::Kind::starts);
    add_condition(edges, details.name, details.stop_on, Edge::Kind::stops);
    for (const auto& event : details.emits) edges.push_back({details.name, event, Edge::Kind::emits, "", true});
  }
  return edges;
}

// A string of the DOT language.
std::string dot_string(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string node_of(std::string_view name, bool is_job) {
  return dot_string(std::format("{} {}", is_job ? "job" : "event", name));
}

std::string style_of(Edge::Kind kind) {
  switch (kind) {
    using enum Edge::Kind;
  case starts: return "color=forestgreen";
  case stops: return "color=firebrick style=dashed";
  case emits: break;
  }
  return "color=gray40 style=dotted";
}

std::string to_dot(const Edge& edge) {
  bool to_job = edge.kind != Edge::Kind::emits;
  return std::format("  {} -> {} [{} label={}];\n", node_of(edge.from, edge.from_job), node_of(edge.to, to_job),
                     style_of(edge.kind), dot_string(edge.label));
}

struct Nodes {
  std::set<std::string> jobs, events;
};

Nodes nodes_of(const std::vector<Edge>& edges, const std::vector<std::string>& jobs) {
  Nodes nodes{{jobs.begin(), jobs.end()}, {}};
  for (const auto& edge : edges) {
    (edge.from_job ? nodes.jobs : nodes.events).insert(edge.from);
    (edge.kind == Edge::Kind::emits ? nodes.events : nodes.jobs).insert(edge.to);
  }
  return nodes;
}

std::string to_dot(const std::vector<Edge>& edges, const Nodes& nodes) {
  std::string text = "digraph upstart {\n  rankdir=LR;\n";
  for (const auto& job : nodes.jobs)
    text += std::format("  {} [shape=box label={}];\n", node_of(job, true), dot_string(job));
  for (const auto& event : nodes.events)
    text += std::format("  {} [shape=ellipse label={}];\n", node_of(event, false), dot_string(event));
  for (const auto& edge : edges) text += to_dot(edge);
  return text + "}\n";
}

Json to_json(const std::vector<Edge>& edges, const Nodes& nodes) {
  constexpr const char* kinds[]{"starts", "stops", "emits"};
  Json list = Json::array();
  for (const auto& edge : edges)
    list.push_back({{"kind", kinds[static_cast<int>(edge.kind)]},
                    {"from", edge.from},
                    {"from_job", edge.from_job},
                    {"to", edge.to},
                    {"label", edge.label}});
  return {{"jobs", nodes.jobs}, {"events", nodes.events}, {"edges", list}};
}

bool touches(const Edge& edge, const std::string& job) {
  return (edge.from_job && edge.from == job) || (edge.kind != Edge::Kind::emits && edge.to == job);
}

Outcome graph(Call& call) {
  auto classes = call.upstart->all_details();
  auto edges = edges_of(classes);
  std::vector<std::string> jobs = call.arguments;
  if (jobs.empty())
    for (const auto& details : classes) jobs.push_back(details.name);
  else
    std::erase_if(edges, [&](const Edge& edge) {
      return std::ranges::none_of(jobs, [&](const auto& job) { return touches(edge, job); });
    });
  for (const auto& job : jobs)
    if (!std::ranges::contains(classes, job, &ClassDetails::name))
      return std::unexpected{Failure{"Unknown job: " + job}};
  auto nodes = nodes_of(edges, jobs);
  if (call.wants_json()) call.print_json(to_json(edges, nodes));
  else call.print(to_dot(edges, nodes));
  return 0;
}

} // namespace

std::vector<Command> graph_commands() {
  return {{.name = "graph",
           .group = insight_group,
           .summary = "Draw which events start and stop which jobs.",
           .synopsis = "[JOB]...",
           .about = "Prints a graph in the language of Graphviz: `initctl graph | dot -Tsvg > jobs.svg'. Green edges "
                    "start, red ones stop, "
                    "grey ones tell what a job emits. With JOBs only what touches them is drawn.",
           .missing = "",
           .completion = "jobs...",
           .options = {},
           .run = graph}};
}

} // namespace upstart::client
