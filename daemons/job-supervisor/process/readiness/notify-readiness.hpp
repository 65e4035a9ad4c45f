// `expect notify`: the process tells on the socket of NOTIFY_SOCKET that it is ready (READY=1), what it does (STATUS=),
// which process is the main one (MAINPID=), and that it is alive (WATCHDOG=1; without one for longer than `watchdog`
// it is ended). A process that sends nothing at all is taken as ready in the end; one that sends other messages knows
// the protocol, and each message starts its timeout again.
#pragma once

#include "daemons/job-supervisor/process/readiness/daemonization.hpp"
#include "daemons/job-supervisor/process/readiness/notification.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"
#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <expected>
#include <memory>

namespace upstart::supervisor {

class NotifyReadiness : public Readiness {
public:
  NotifyReadiness(MainProcess& main, const JobClass& job_class, const ExpectTimeouts& timeouts,
                  base::FileDescriptor socket, std::string address);

  void prepare(PlanExtras& extras) override;
  void begin() override;
  MainEnd main_ended(int wait_status) override;
  void signalled() override;

private:
  void readable();
  [[nodiscard]] bool may_notify(uid_t user) const;
  void received(const NotificationLines& lines);
  [[nodiscard]] bool take_main(const std::string& pid);
  void timed_out();
  void end_by_watchdog(const std::string& why);
  void restart_watchdog();

  MainProcess& main_;
  std::chrono::milliseconds watchdog_, kill_timeout_;
  base::FileDescriptor socket_;
  std::string address_;
  bool ready_ = false;
  Daemonization daemonization_;
  ReadyTimeoutWatch ready_timeout_;
  base::Timer watchdog_timer_, kill_timer_;
  base::FdWatcher watcher_;
};

// The error: the socket could not be made.
[[nodiscard]] std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_notify_readiness(const JobClass& job_class, MainProcess& main, const ExpectTimeouts& timeouts);

} // namespace upstart::supervisor
