// `expect readyfd`: the process is ready when it writes to the pipe READY_FD, or closes it.
#pragma once

#include "daemons/job-supervisor/process/adoption/kept-descriptors.hpp"
#include "daemons/job-supervisor/process/readiness/daemonization.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"
#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <expected>
#include <memory>

namespace upstart::supervisor {

class PipeReadiness : public Readiness {
public:
  // `writing` is empty where the process has its own already.
  PipeReadiness(MainProcess& main, const ExpectTimeouts& timeouts, base::FileDescriptor reading, Keeping keeping,
                base::FileDescriptor writing);

  void prepare(PlanExtras& extras) override { extras.ready_descriptor = writing_.get(); }
  void begin() override;
  void go_on() override;
  [[nodiscard]] bool is_ready() const override { return ready_; }
  void write_notes(base::ByteWriter& out) const override;
  void restore(base::ByteReader& in);
  void signalled() override;
  MainEnd main_ended(int wait_status) override;

private:
  void readable();
  void timed_out();
  void ready();

  MainProcess& main_;
  base::FileDescriptor reading_, writing_;
  Keeping keeping_; // of the reading end
  bool ready_ = false;
  Daemonization daemonization_;
  ReadyTimeoutWatch ready_timeout_;
  base::FdWatcher watcher_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

// The error: the pipe could not be made.
[[nodiscard]] std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_pipe_readiness(MainProcess& main, const ExpectTimeouts& timeouts, KeptDescriptors& kept);
// Takes up that of an earlier supervisor: `notes` as write_notes wrote them.
[[nodiscard]] std::unique_ptr<Readiness> restore_pipe_readiness(MainProcess& main, const ExpectTimeouts& timeouts,
                                                                KeptDescriptors& kept, base::ByteReader& notes);
// The same, where its notes were not written: by what the process was given as READY_FD.
[[nodiscard]] std::unique_ptr<Readiness> find_pipe_readiness(MainProcess& main, const ExpectTimeouts& timeouts,
                                                             KeptDescriptors& kept, pid_t process);

} // namespace upstart::supervisor
