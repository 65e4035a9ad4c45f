#include "daemons/job-supervisor/process/readiness/make-readiness.hpp"

#include "daemons/job-supervisor/process/readiness/fork-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/notify-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/pipe-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/stop-readiness.hpp"

namespace upstart::supervisor {

std::expected<std::unique_ptr<Readiness>, SpawnFailure> make_readiness(const JobClass& job_class, MainProcess& main,
                                                                       const ReadinessResources& resources) {
  switch (job_class.expect) {
  case Expect::none: return nullptr;
  case Expect::stop: return std::make_unique<StopReadiness>(main, resources.timeouts.stop);
  case Expect::fork:
  case Expect::daemon: return std::make_unique<ForkReadiness>(main, job_class.expect, resources.timeouts.forks);
  case Expect::ready_fd: return make_pipe_readiness(main, resources.timeouts, resources.kept);
  case Expect::notify: return make_notify_readiness(job_class, main, resources.timeouts, resources.sockets);
  }
  return nullptr;
}

std::unique_ptr<Readiness> restore_readiness(const JobClass& job_class, MainProcess& main,
                                             const ReadinessResources& resources, std::string_view notes) {
  base::ByteReader in{notes};
  if (notes.empty() || in.choice(Expect::notify) != job_class.expect || in.failed()) return nullptr;
  switch (job_class.expect) {
  case Expect::none: return nullptr;
  case Expect::stop: {
    auto readiness = std::make_unique<StopReadiness>(main, resources.timeouts.stop);
    readiness->restore(in);
    return readiness;
  }
  case Expect::fork:
  case Expect::daemon: {
    auto readiness = std::make_unique<ForkReadiness>(main, job_class.expect, resources.timeouts.forks);
    readiness->restore(in);
    return readiness;
  }
  case Expect::ready_fd: return restore_pipe_readiness(main, resources.timeouts, resources.kept, in);
  case Expect::notify: return restore_notify_readiness(job_class, main, resources.timeouts, resources.sockets, in);
  }
  return nullptr;
}

std::unique_ptr<Readiness> find_readiness(const JobClass& job_class, MainProcess& main,
                                          const ReadinessResources& resources, pid_t process) {
  if (job_class.expect == Expect::ready_fd)
    return find_pipe_readiness(main, resources.timeouts, resources.kept, process);
  if (job_class.expect == Expect::notify)
    return find_notify_readiness(job_class, main, resources.timeouts, resources.sockets, process);
  return make_readiness(job_class, main, resources).value_or(nullptr);
}

std::string notes_of(const JobClass& job_class, const Readiness& readiness) {
  std::string bytes;
  base::ByteWriter out{bytes};
  out.choice(job_class.expect);
  readiness.write_notes(out);
  return bytes;
}

} // namespace upstart::supervisor
