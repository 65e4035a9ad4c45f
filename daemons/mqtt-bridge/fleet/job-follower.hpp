// The jobs of this Upstart as other nodes get to see them: follows the job supervisor's signals on its public socket,
// and asks for the state of those jobs that a signal was about, a moment later, so that a job that goes through several
// states is asked about once.
#pragma once

#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/mqtt-bridge/messages/messages.hpp"
#include "protocol/job-state.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace upstart::mqtt_bridge {

// An instance; the name is empty for the only one of a job, and for a job that has none at the moment.
struct ShownJob {
  std::string instance;
  JobMessage message;
};

class JobFollower {
public:
  struct Events {
    // The instances of this job in place of those before; none: its class has gone.
    std::function<void(const std::string& job, const std::vector<ShownJob>& instances)> changed;
    // All jobs were told of; those that were not are no more.
    std::function<void(const std::set<std::string>& jobs)> complete;
  };

  // `address` is that of the public interface.
  JobFollower(base::EventLoop& loop, std::string address, Events events);
  JobFollower(const JobFollower&) = delete;
  JobFollower& operator=(const JobFollower&) = delete;
  ~JobFollower();

private:
  void connected(base::BusConnection& connection);
  void lost();
  void ask_all();
  void ask_changed();
  void ask(const std::string& job);
  void heard(sd_bus_message* signal);
  void show(const protocol::JobState& job);

  Events events_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::set<std::string> changed_;
  base::Timer later_;
  base::ReconnectingConnection connection_;
  std::unique_ptr<sdbus::IProxy> proxy_;
  std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> filter_{nullptr, sd_bus_slot_unref};
};

// What is shown of a job: as `initctl list` has it. Pure.
[[nodiscard]] std::vector<ShownJob> shown(const protocol::JobState& job);

} // namespace upstart::mqtt_bridge
