// Commands that are done once, however often the connection is lost meanwhile: each carries a token (JobSupervisor1),
// so that it can be given again and is answered with what became of it. An init daemon that does not know these methods
// is asked by Upstart0_6 instead, once.
#pragma once

#include "clients/base/upstart.hpp"

namespace upstart::client {

// Which instance of a job is meant: the one that is named, or the one that the environment names.
struct JobSelection {
  std::string job;
  std::vector<std::string> environment = {};
  std::optional<std::string> instance = {}; // it keeps its environment
};

class TrackedCommands {
public:
  // The Upstart outlives this.
  explicit TrackedCommands(Upstart& upstart) : upstart_{upstart} {}

  // The instance concerned. With `wait` they return when it is where it was told to go; errors as those of Upstart0_6.
  [[nodiscard]] sdbus::ObjectPath start(const JobSelection& job, bool wait);
  [[nodiscard]] sdbus::ObjectPath stop(const JobSelection& job, bool wait);
  [[nodiscard]] sdbus::ObjectPath restart(const JobSelection& job, bool wait);
  // Starts an instance without waiting for it; its status right then. The question for that of the single instance goes
  // out with the command: asked afterwards, a job that moves fast would have moved on.
  [[nodiscard]] InstanceStatus start_and_look(const JobSelection& job);

  // With `wait` it returns when no job blocks the event any more.
  void emit(const std::string& event, const std::vector<std::string>& environment, bool wait);

private:
  Upstart& upstart_;
};

} // namespace upstart::client
