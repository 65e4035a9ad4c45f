#include "clients/initctl/graph/job-graph.hpp"

#include "clients/initctl/conditions/conditions.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>

namespace upstart::client {

namespace {

using Kind = GraphEdge::Kind;

std::string words_joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

class Growing {
public:
  JobGraph graph;

  void add(const ClassDetails& details) {
    add_condition(details.name, details.start_on, Kind::starts);
    add_condition(details.name, details.stop_on, Kind::stops);
    for (const auto& event : details.emits)
      graph.edges.push_back({.from = details.name, .to = event, .kind = Kind::emits, .from_job = true});
  }

private:
  void add_condition(const std::string& job, const Postfix& postfix, Kind kind) {
    if (auto condition = tree_of(postfix)) add_node(*condition, job, kind, "");
  }

  void add_node(const Condition& condition, const std::string& job, Kind kind, const std::string& through) {
    if (condition.kind == Condition::Kind::event) return add_event(condition, job, kind, through);
    bool is_and = condition.kind == Condition::Kind::all_of;
    auto name = std::format("{} {} {}", kind == Kind::starts ? "start" : "stop", job, ++operators_);
    graph.operators.push_back({.name = name, .is_and = is_and, .kind = kind, .job = job, .through = through});
    add_operands(condition, condition.kind, job, kind, name);
  }

  void add_operands(const Condition& condition, Condition::Kind of, const std::string& job, Kind kind,
                    const std::string& through) {
    for (const auto* operand : {condition.left.get(), condition.right.get()})
      if (operand->kind == of) add_operands(*operand, of, job, kind, through);
      else add_node(*operand, job, kind, through);
  }

  void add_event(const Condition& event, const std::string& job, Kind kind, const std::string& through) {
    auto other = job_named_by(event);
    if (other.empty()) graph.edges.push_back({event.event, job, kind, words_joined(event.arguments), false, through});
    else graph.edges.push_back({other, job, kind, event.event, true, through});
  }

  int operators_ = 0;
};

// "running", "3 running", "2 running, 1 killed", "waiting".
std::string state_of(const std::string& job, const std::vector<InstanceStatus>& statuses) {
  std::map<std::string, int> counts;
  for (const auto& status : statuses)
    if (status.job == job) ++counts[status.state];
  if (counts.size() <= 1 && (counts.empty() || counts.begin()->second == 1))
    return counts.empty() ? "waiting" : counts.begin()->first;
  std::string text;
  for (const auto& [state, count] : counts) text += std::format("{}{} {}", text.empty() ? "" : ", ", count, state);
  return text;
}

bool touches(const GraphEdge& edge, const std::set<std::string>& jobs) {
  return (edge.from_job && jobs.contains(edge.from)) || (edge.kind != Kind::emits && jobs.contains(edge.to));
}

// A string of the DOT language; "\n" ends a line of a label.
std::string dot_string(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string job_node(const std::string& name) { return dot_string("job " + name); }
std::string event_node(const std::string& name) { return dot_string("event " + name); }
std::string operator_node(const std::string& name) { return dot_string("condition " + name); }

std::string style_of(Kind kind) {
  switch (kind) {
  case Kind::starts: return "color=forestgreen";
  case Kind::stops: return "color=firebrick style=dashed";
  case Kind::emits: break;
  }
  return "color=gray40 style=dotted";
}

// Where what is in a condition leads to: the operator that it is an operand of, or the job.
std::string target_of(const std::string& through, const std::string& job) {
  return through.empty() ? job_node(job) : operator_node(through);
}

std::string to_dot(const GraphEdge& edge) {
  auto from = edge.from_job ? job_node(edge.from) : event_node(edge.from);
  auto to = edge.kind == Kind::emits ? event_node(edge.to) : target_of(edge.through, edge.to);
  return std::format("  {} -> {} [{} label={}];\n", from, to, style_of(edge.kind), dot_string(edge.label));
}

std::string to_dot(const GraphOperator& each) {
  auto node = operator_node(each.name);
  auto text =
      each.is_and
          ? std::format("  {} [shape=square label=\"and\" fixedsize=true width=0.4 fontsize=10];\n", node)
          : std::format("  {} [shape=diamond label=\"or\" fixedsize=true width=0.5 height=0.5 fontsize=10];\n", node);
  return text + std::format("  {} -> {} [{}];\n", node, target_of(each.through, each.job), style_of(each.kind));
}

// The colours of `initctl list`: running jobs are green, those on their way yellow, failed ones red, disabled ones
// grey, the others white; one that is not loaded has no more than a dashed edge.
std::string colour_of(const std::string& state) {
  if (state == "failed") return "lightcoral";
  if (state == "disabled") return "gray85";
  if (state == "waiting") return "white";
  return state.ends_with("running") && !state.contains(',') ? "palegreen" : "khaki1";
}

std::string job_to_dot(const std::string& name, const std::string& state) {
  if (state.empty())
    return std::format("  {} [shape=box style=dashed color=gray50 fontcolor=gray40 label={} tooltip=\"not loaded\"];\n",
                       job_node(name), dot_string(name));
  return std::format("  {} [shape=box style=filled fillcolor={} label={}];\n", job_node(name), colour_of(state),
                     dot_string(state == "waiting" ? name : name + "\n" + state));
}

} // namespace

JobGraph graph_of(const std::vector<ClassDetails>& classes, const std::vector<InstanceStatus>& statuses,
                  const std::vector<std::string>& only) {
  Growing growing;
  for (const auto& details : classes) growing.add(details);
  auto graph = std::move(growing.graph);
  std::set<std::string> chosen{only.begin(), only.end()};
  if (!chosen.empty()) std::erase_if(graph.edges, [&](const auto& edge) { return !touches(edge, chosen); });
  std::erase_if(graph.operators, [&](const GraphOperator& each) {
    return !chosen.contains(each.job) && !chosen.empty() &&
           !std::ranges::contains(graph.edges, each.name, &GraphEdge::through);
  });
  std::set<std::string> jobs = chosen;
  if (chosen.empty())
    for (const auto& details : classes) jobs.insert(details.name);
  for (const auto& edge : graph.edges) {
    (edge.from_job ? jobs : graph.events).insert(edge.from);
    (edge.kind == Kind::emits ? graph.events : jobs).insert(edge.to);
  }
  for (const auto& job : jobs)
    graph.jobs[job] = std::ranges::contains(classes, job, &ClassDetails::name) ? state_of(job, statuses) : "";
  return graph;
}

void mark_conditions(JobGraph& graph, const std::vector<JobRow>& rows) {
  for (const auto& row : rows) {
    auto job = graph.jobs.find(row.status.job);
    if (job == graph.jobs.end() || job->second != "waiting") continue;
    if (row.condition == JobCondition::failed) graph.failed.insert(job->first);
    if (row.condition == JobCondition::disabled) graph.disabled.insert(job->first);
  }
}

std::string to_dot(const JobGraph& graph) {
  std::string text = "digraph upstart {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n  edge "
                     "[fontname=\"sans-serif\" fontsize=10];\n";
  for (const auto& [name, state] : graph.jobs)
    text += job_to_dot(name, graph.failed.contains(name)     ? "failed"
                             : graph.disabled.contains(name) ? "disabled"
                                                             : state);
  for (const auto& event : graph.events)
    text += std::format("  {} [shape=ellipse label={}];\n", event_node(event), dot_string(event));
  for (const auto& each : graph.operators) text += to_dot(each);
  for (const auto& edge : graph.edges) text += to_dot(edge);
  return text + "}\n";
}

Json to_json(const JobGraph& graph) {
  constexpr const char* kinds[]{"starts", "stops", "emits"};
  Json names = Json::array(), states = Json::object(), missing = Json::array(), edges = Json::array();
  for (const auto& [name, state] : graph.jobs) {
    names.push_back(name);
    if (state.empty()) missing.push_back(name);
    else states[name] = state;
  }
  for (const auto& edge : graph.edges)
    edges.push_back({{"kind", kinds[static_cast<int>(edge.kind)]},
                     {"from", edge.from},
                     {"from_job", edge.from_job},
                     {"to", edge.to},
                     {"label", edge.label}});
  return {
      {"jobs", names},          {"events", graph.events},    {"edges", edges}, {"states", states}, {"missing", missing},
      {"failed", graph.failed}, {"disabled", graph.disabled}};
}

} // namespace upstart::client
