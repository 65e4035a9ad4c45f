// `expect notify`: the process tells on the socket of NOTIFY_SOCKET that it is ready (READY=1), what it does (STATUS=),
// which process is the main one (MAINPID=), and that it still lives (WATCHDOG=1; silence for longer than `watchdog`
// ends it).
//
// One that says nothing at all is accepted at last; one that speaks, though not of being ready, knows the protocol and
// is waited for.
#pragma once

#include "daemons/job-supervisor/process/readiness/daemonization.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"
#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <map>
#include <string_view>

namespace upstart::supervisor {

// KEY=VALUE lines of a message.
[[nodiscard]] std::map<std::string, std::string, std::less<>> parse_notification(std::string_view message);

class NotifyReadiness : public Readiness {
public:
  NotifyReadiness(MainProcess& main, const JobClass& job_class, const ExpectTimes& times, base::FileDescriptor socket,
                  std::string address);

  void prepare(PlanExtras& extras) override;
  void begin() override;
  bool main_ended(int wait_status) override;
  void signalled() override;

private:
  void readable();
  [[nodiscard]] bool may_speak(uid_t user) const;
  void heard(const std::map<std::string, std::string, std::less<>>& lines);
  [[nodiscard]] bool take_main(const std::string& pid);
  void heard_nothing();
  void end_by_watchdog(const std::string& why);
  void keep_watch();

  MainProcess& main_;
  std::chrono::milliseconds watchdog_, kill_timeout_;
  base::FileDescriptor socket_;
  std::string address_;
  bool ready_ = false;
  Detachment detachment_;
  SilenceWatch silence_;
  base::Timer watchdog_timer_, kill_timer_;
  base::FdWatcher watcher_;
};

[[nodiscard]] std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_notify_readiness(const JobClass& job_class, MainProcess& main, const ExpectTimes& times);

} // namespace upstart::supervisor
