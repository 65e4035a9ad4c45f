// `expect readyfd`: the process is ready when it writes to the pipe READY_FD, or closes it.
#pragma once

#include "daemons/job-supervisor/process/readiness/daemonization.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"
#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <expected>
#include <memory>

namespace upstart::supervisor {

class PipeReadiness : public Readiness {
public:
  PipeReadiness(MainProcess& main, const ExpectTimeouts& timeouts, base::FileDescriptor reading,
                base::FileDescriptor writing);

  void prepare(PlanExtras& extras) override { extras.ready_descriptor = writing_.get(); }
  void begin() override;
  void signalled() override;
  MainEnd main_ended(int wait_status) override;

private:
  void readable();
  void timed_out();
  void ready();

  MainProcess& main_;
  base::FileDescriptor reading_, writing_;
  Daemonization daemonization_;
  ReadyTimeoutWatch ready_timeout_;
  base::FdWatcher watcher_;
};

// The error: the pipe could not be made.
[[nodiscard]] std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_pipe_readiness(MainProcess& main, const ExpectTimeouts& timeouts);

} // namespace upstart::supervisor
