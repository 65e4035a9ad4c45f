// `expect notify`: the process tells on the socket of NOTIFY_SOCKET that it is ready (READY=1), what it does (STATUS=),
// which process is the main one (MAINPID=), and that it is alive (WATCHDOG=1; without one for longer than `watchdog`
// it is ended, unless it was told to end; WATCHDOG_USEC= sets another time). EXTEND_TIMEOUT_USEC= puts off the time at
// which it is taken as ready, or, once it is told to end, at which it is killed. BARRIER=1 is answered in order, since
// descriptors that come along are closed; of RELOADING=1 and STOPPING=1 nothing follows; ERRNO= is told as a warning;
// what is not supported is warned of once. A process that sends nothing at all is taken as ready in the end; one that
// sends other messages knows the protocol, and each message starts its timeout again.
#pragma once

#include "daemons/job-supervisor/process/notify/notification.hpp"
#include "daemons/job-supervisor/process/notify/notify-sockets.hpp"
#include "daemons/job-supervisor/process/readiness/daemonization.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"
#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <expected>
#include <memory>
#include <set>
#include <string>

namespace upstart::supervisor {

class NotifyReadiness : public Readiness {
public:
  NotifyReadiness(MainProcess& main, const JobClass& job_class, const ExpectTimeouts& timeouts, NotifySocket socket);

  void prepare(PlanExtras& extras) override;
  void begin() override;
  void go_on() override;
  [[nodiscard]] bool is_ready() const override { return ready_; }
  void write_notes(base::ByteWriter& out) const override;
  void restore(base::ByteReader& in);
  MainEnd main_ended(int wait_status) override;
  void signalled() override;

private:
  void readable();
  [[nodiscard]] bool may_notify(uid_t user) const;
  void received(const NotificationLines& lines);
  void set_times(const NotificationLines& lines);
  void report(const NotificationLines& lines);
  [[nodiscard]] bool take_main(const std::string& pid);
  void timed_out();
  void end_by_watchdog(const std::string& why);
  void restart_watchdog();

  MainProcess& main_;
  std::chrono::milliseconds watchdog_, kill_timeout_;
  NotifySocket socket_;
  bool ready_ = false, ended_by_watchdog_ = false;
  bool told_to_end_ = false;                     // no watchdog then: its kill timeout ends it
  std::set<std::string, std::less<>> warned_of_; // keys that are not supported
  Daemonization daemonization_;
  ReadyTimeoutWatch ready_timeout_;
  base::Timer watchdog_timer_, kill_timer_;
  base::FdWatcher watcher_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

// The error: the socket could not be made.
[[nodiscard]] std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_notify_readiness(const JobClass& job_class, MainProcess& main, const ExpectTimeouts& timeouts,
                      NotifySockets& sockets);
// Takes up that of an earlier supervisor: `notes` as write_notes wrote them. Null: there is no socket to be had.
[[nodiscard]] std::unique_ptr<Readiness> restore_notify_readiness(const JobClass& job_class, MainProcess& main,
                                                                  const ExpectTimeouts& timeouts,
                                                                  NotifySockets& sockets, base::ByteReader& notes);
// The same, where its notes were not written: by what the process was given as NOTIFY_SOCKET.
[[nodiscard]] std::unique_ptr<Readiness> find_notify_readiness(const JobClass& job_class, MainProcess& main,
                                                               const ExpectTimeouts& timeouts, NotifySockets& sockets,
                                                               pid_t process);

} // namespace upstart::supervisor
