// The launch of one process of an instance: what its plan needs from the system (log, script, control groups), then the
// child. It holds in this process what the child inherits, and releases it when the child has been made.
#pragma once

#include "daemons/job-supervisor/process/groups/instance-members.hpp"
#include "daemons/job-supervisor/process/instances/instance-mounts.hpp"
#include "daemons/job-supervisor/process/instances/process-services.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"
#include "daemons/job-supervisor/process/spawn/spawn.hpp"

#include <functional>
#include <memory>

namespace upstart::supervisor {

// Whose process it is.
struct LaunchContext {
  ProcessServices& services;
  const JobClass& job_class;
  const std::string& instance;
  InstanceMembers& members;
  InstanceMounts* mounts;           // null: they are not shared
  std::shared_ptr<ConsoleLog>& log; // opened by the first process that needs it
  std::function<void(const std::string&)> warn;
};

class Launch {
public:
  Launch(LaunchContext context, const SpawnRequest& request) : context_{std::move(context)}, request_{request} {}

  // `readiness` is that of a main process, or null. The error: what failed before there was a child, or the fork.
  [[nodiscard]] std::expected<Spawned, SpawnFailure> run(Readiness* readiness);

private:
  using Done = std::expected<void, SpawnFailure>;
  Done connect_streams(SpawnPlan& plan);
  Done provide_script(SpawnPlan& plan, const CommandLine& command);
  Done enter_groups(SpawnPlan& plan);
  Done enter_mounts(SpawnPlan& plan);

  LaunchContext context_;
  const SpawnRequest& request_;
  base::FileDescriptor console_, script_, group_, namespace_;
  StanzaGroups stanza_groups_;
};

} // namespace upstart::supervisor
