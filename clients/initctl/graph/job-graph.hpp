// Which events start and stop which jobs, as a graph: of the conditions of classes and the states of instances. Pure.
#pragma once

#include "clients/base/json.hpp"
#include "clients/base/status.hpp"
#include "clients/base/upstart.hpp"
#include "clients/initctl/list/job-rows.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace upstart::client {

// From a job (one of its life events) or an event to a job that it starts or stops, or from a job to an event it emits.
struct GraphEdge {
  enum class Kind : std::uint8_t { starts, stops, emits };
  std::string from, to;
  Kind kind = Kind::starts;
  std::string label = {};   // the life event, and what narrows it down
  bool from_job = false;    // else `from` is an event
  std::string through = {}; // the operator that it is an operand of; empty: none
};

// An `and` or `or` of a condition; operands that are operators of the same kind are one with it.
struct GraphOperator {
  std::string name; // unique
  bool is_and = false;
  GraphEdge::Kind kind = GraphEdge::Kind::starts;
  std::string job;          // whose condition it is of
  std::string through = {}; // the operator that it is an operand of
};

struct JobGraph {
  std::map<std::string, std::string> jobs; // name, and state in words; empty: it is not loaded, but named by another
  std::set<std::string> failed, disabled;  // of those that wait
  std::set<std::string> events;
  std::vector<GraphOperator> operators;
  std::vector<GraphEdge> edges;
};

// Of these jobs and what touches them; of all where none is named.
[[nodiscard]] JobGraph graph_of(const std::vector<ClassDetails>& classes, const std::vector<InstanceStatus>& statuses,
                                const std::vector<std::string>& only);

// Adds which of its waiting jobs have failed or are disabled.
void mark_conditions(JobGraph& graph, const std::vector<JobRow>& rows);

// In the language of Graphviz.
[[nodiscard]] std::string to_dot(const JobGraph& graph);
[[nodiscard]] Json to_json(const JobGraph& graph);

} // namespace upstart::client
