// `expect stop`: the process raises SIGSTOP when it is ready, and the supervisor lets it go on with SIGCONT.
#pragma once

#include "daemons/job-supervisor/process/readiness/readiness.hpp"
#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <memory>

namespace upstart::supervisor {

class StopReadiness : public Readiness {
public:
  StopReadiness(MainProcess& main, const ReadyTimeouts& timeouts);

  void begin() override;
  void go_on() override;
  [[nodiscard]] bool is_ready() const override { return stopped_ || accepted_; }
  void write_notes(base::ByteWriter& out) const override;
  void restore(base::ByteReader& in);
  void signalled() override { ready_timeout_.end(); }

private:
  void stopped();
  void continue_it();
  void accept();

  MainProcess& main_;
  bool accepted_ = false, stopped_ = false, continued_ = false;
  ReadyTimeoutWatch ready_timeout_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

} // namespace upstart::supervisor
