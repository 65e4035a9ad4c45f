// What this node shows of itself at the broker, retained: that it is there, and the state of each of its jobs.
#pragma once

#include "daemons/mqtt-bridge/configuration/fleet-configuration.hpp"
#include "daemons/mqtt-bridge/core/retained-table.hpp"
#include "daemons/mqtt-bridge/fleet/job-follower.hpp"
#include "daemons/mqtt-bridge/fleet/link.hpp"
#include "daemons/mqtt-bridge/messages/topics.hpp"

#include "daemons/base/repeated-message.hpp"

namespace upstart::mqtt_bridge {

// For the will of a node that goes without a word.
[[nodiscard]] std::string offline_state();

class Presence {
public:
  struct World {
    base::EventLoop& loop;
    Link& link;
    const Topics& topics;
    const FleetConfiguration& configuration;
    bridge::Memory& memory;
    const SeenIds::Records& records;
    std::string jobs_address; // of the public interface of this Upstart
  };
  explicit Presence(World world);
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence() { *alive_ = false; }

  void connected(bool session_present);
  void connection_lost() { retained_.connection_lost(std::chrono::steady_clock::now()); }

private:
  struct Job {
    std::map<std::string, JobMessage> instances; // by topic
  };
  void job_changed(const std::string& name, const std::vector<ShownJob>& instances);
  void jobs_complete(const std::set<std::string>& names);
  void show_state();
  void send();
  void send_later();

  World world_;
  RetainedTable retained_;
  NodeState state_;
  std::map<std::string, Job> jobs_;
  base::Timer summary_; // the numbers in the state follow a moment later
  base::RepeatedMessage refused_;
  bool send_is_due_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  JobFollower follower_;
};

} // namespace upstart::mqtt_bridge
