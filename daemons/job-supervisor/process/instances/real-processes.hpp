// The processes of jobs as children of this process, which becomes a child subreaper: whatever a job leaves behind
// comes back here. All children of the process are reaped, whoever made them.
//
// An idle RealProcesses costs nothing per job that is loaded; a running process costs a pidfd, an instance with a
// console log a terminal. It must outlive what `open` returned.
#pragma once

#include "daemons/job-supervisor/process/instances/process-services.hpp"
#include "daemons/job-supervisor/process/processes.hpp"

#include <memory>
#include <string>

namespace upstart::supervisor {

class RealProcesses : public Processes {
public:
  RealProcesses(base::EventLoop& loop, ProcessOptions options);

  std::unique_ptr<JobProcesses> open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                     ProcessEvents& events) override;
  std::unique_ptr<JobProcesses> adopt(std::shared_ptr<const JobClass> job_class, std::string instance,
                                      ProcessEvents& events, const std::string& notes,
                                      const std::vector<LivingProcess>& alive) override;
  // Takes what init kept for an earlier supervisor, and how processes have ended meanwhile, out of what was inherited.
  // Before `adopt`.
  void inherit(std::multimap<std::string, base::FileDescriptor>& inherited) { services_.inherit(inherited); }
  void logs_writable() override;
  [[nodiscard]] bool apparmor_enabled() const override { return services_.defaults.apparmor; }
  // Whether jobs get control groups: they are wanted, and the system lets them be made.
  [[nodiscard]] bool has_control_groups() const { return services_.groups.available(); }

private:
  ProcessServices services_;
};

} // namespace upstart::supervisor
