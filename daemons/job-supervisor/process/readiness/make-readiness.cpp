#include "daemons/job-supervisor/process/readiness/make-readiness.hpp"

#include "daemons/job-supervisor/process/readiness/fork-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/notify-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/pipe-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/stop-readiness.hpp"

namespace upstart::supervisor {

std::expected<std::unique_ptr<Readiness>, SpawnFailure> make_readiness(const JobClass& job_class, MainProcess& main,
                                                                       const ExpectTimeouts& timeouts) {
  switch (job_class.expect) {
  case Expect::none: return nullptr;
  case Expect::stop: return std::make_unique<StopReadiness>(main, timeouts.stop);
  case Expect::fork:
  case Expect::daemon: return std::make_unique<ForkReadiness>(main, job_class.expect, timeouts.forks);
  case Expect::ready_fd: return make_pipe_readiness(main, timeouts);
  case Expect::notify: return make_notify_readiness(job_class, main, timeouts);
  }
  return nullptr;
}

} // namespace upstart::supervisor
