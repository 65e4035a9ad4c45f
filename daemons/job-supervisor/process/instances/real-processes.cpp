#include "daemons/job-supervisor/process/instances/real-processes.hpp"

#include "daemons/job-supervisor/process/instances/instance-processes.hpp"

namespace upstart::supervisor {

RealProcesses::RealProcesses(base::EventLoop& loop, ProcessOptions options) : services_{loop, std::move(options)} {}

std::unique_ptr<JobProcesses> RealProcesses::open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                                  ProcessEvents& events) {
  return std::make_unique<InstanceProcesses>(services_, std::move(job_class), std::move(instance), events);
}

std::unique_ptr<JobProcesses> RealProcesses::adopt(std::shared_ptr<const JobClass> job_class, std::string instance,
                                                   ProcessEvents& events, const std::string& notes,
                                                   const std::vector<LivingProcess>& alive) {
  auto processes = std::make_unique<InstanceProcesses>(services_, std::move(job_class), std::move(instance), events);
  processes->take_up(notes, alive);
  return processes;
}

void RealProcesses::logs_writable() { services_.logs.flush(); }

} // namespace upstart::supervisor
