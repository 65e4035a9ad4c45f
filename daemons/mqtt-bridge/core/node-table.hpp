// The nodes of the fleet as their retained states tell them, and the events that follow: node-up when a node comes,
// node-down when it goes, each once, also over a restart of the bridge. Only what conditions of jobs ask for is
// followed. A node that is up already when a job comes to ask for it counts as coming then, once for each life of the
// job's class. Pure.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/bridge/ports/memory.hpp"
#include "daemons/mqtt-bridge/conditions/node-condition.hpp"
#include "daemons/mqtt-bridge/core/seen-ids.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace upstart::mqtt_bridge {

class NodeTable {
public:
  // `own` is this node's name: it is not followed.
  NodeTable(bridge::Memory& memory, const SeenIds::Records& records, std::string own);

  // Whether the memory's record with this key is of a node table.
  [[nodiscard]] static bool is_record(std::string_view key);

  // What is wrong with conditions, each as a line for the log.
  std::vector<bridge::ConditionWarning> jobs_changed(const bridge::ConditionsUpdate& update);
  // The state of a node has come: whether it is online; nothing: it has been removed.
  void take_state(const std::string& node, std::optional<bool> online);

  // The nodes whose states are wanted; a name, or "+": all.
  [[nodiscard]] std::set<std::string> wanted() const;
  // Nothing where the state of this node has not come.
  [[nodiscard]] std::optional<bool> is_online(const std::string& node) const;
  struct Asked {
    std::string event, pattern; // of node names
    std::set<std::string> jobs;
  };
  // What jobs ask for; sorted.
  [[nodiscard]] std::vector<Asked> asked() const;

private:
  void forget_unwanted();
  void note_job(const std::string& job);
  void emit(bool up, const std::string& node);
  void set_online(const std::string& node, bool online);
  [[nodiscard]] bool is_asked_for(const std::string& node) const;

  bridge::Memory& memory_;
  std::string own_;
  std::map<std::string, std::vector<NodeCondition>> jobs_;
  std::map<std::string, std::string> known_jobs_; // what was asked for by each, as text; outlives the process
  std::map<std::string, bool> online_;            // outlives the process
};

} // namespace upstart::mqtt_bridge
