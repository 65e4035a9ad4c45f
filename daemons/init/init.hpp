// The shell around the lifecycle: starts and signals the daemons, hears what becomes of them, and owns all that
// outlives them: the listening sockets, the descriptors they asked to keep, the session file.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/init/fleet-file.hpp"
#include "daemons/init/lifecycle/hang-watch.hpp"
#include "daemons/init/lifecycle/lifecycle.hpp"
#include "daemons/init/log.hpp"
#include "daemons/init/notify/descriptor-store.hpp"
#include "daemons/init/notify/notify-socket.hpp"
#include "daemons/init/preparation.hpp"
#include "daemons/init/processes/kept-exits.hpp"
#include "daemons/init/processes/orphans.hpp"
#include "daemons/init/processes/programs.hpp"
#include "daemons/init/run-directory/session-file.hpp"

#include <sys/resource.h>

#include <list>
#include <vector>

namespace upstart::init {

// More than twenty methods: eleven carry out one kind of action each.
class Init {
public:
  // Takes the sockets and the environment out of the preparation; its directory must outlive this.
  Init(base::EventLoop& loop, const Log& log, Preparation& prepared);

  // Until the end; the exit status.
  [[nodiscard]] int run();

private:
  // Into another program in this process (re-executed.cpp).
  void execute_anew(const std::string& asked_by);
  [[nodiscard]] HandedState state_to_hand_over();
  void take_over(const HandedState& state);

  struct ManagedDaemon {
    LaunchSpec spec;
    DescriptorStore kept;
    base::Timer pause;
    HangWatch hang{};
    base::Timer hang_limit;
    std::chrono::microseconds period{0}; // within which it is to give a sign of life
    pid_t pid = 0;
    ProgramVersion version{};
    bool started_before = false;
    bool said_missing = false;       // that its program is not there
    bool tells_of_execution = false; // of init; a supervisor that was started since then
  };

  [[nodiscard]] std::vector<ManagedDaemon> manage(LaunchSpecs specs);
  void prepare_process();
  void watch_signals();
  void watch_kernel_signals();
  void on_signal(int signal, std::function<void()> action);

  void perform(const Actions& actions);
  void perform(const Start& start);
  void perform(const Pause& pause);
  void perform(const Linger& linger);
  void perform(const Discard& discard);
  void perform(const Send& send);
  void perform(const Limit& limit);
  void perform(const Rescue& rescue);
  void perform(const Announce&);
  void perform(const Withdraw&);
  void perform(const EndOrphans& end);
  void perform(const Leave& leave);

  [[nodiscard]] std::expected<pid_t, std::string> launch(Daemon daemon, bool again);
  void say_started(Daemon daemon);

  void pass_on(std::span<const Daemon> daemons, int signal);
  void reap();
  bool reap(const siginfo_t& ended);
  void died(Daemon daemon, int status);
  void look_at_stops();
  void look_for_orphans();
  void rescue_ended();
  void end_asked();
  void run_command();
  void command_ended(int status);
  void job_ended(int status);
  void watch(Daemon daemon, const HangWatch::Answer& answer);
  void hang_limit_over(Daemon daemon);
  void hear_sign(Daemon daemon, const Notification& notification);
  void take_wanted_bridges(std::vector<std::string> names);
  void look_for_fleet();
  void start_bridge_for_client(const std::string& name);
  [[nodiscard]] bool find_program(Daemon bridge);
  void notified(pid_t sender, const Notification& notification, std::vector<base::FileDescriptor> descriptors);
  void keep(Daemon daemon, const Notification& notification, std::vector<base::FileDescriptor> descriptors);

  [[nodiscard]] ManagedDaemon& of(Daemon daemon) { return daemons_[static_cast<std::size_t>(daemon)]; }
  [[nodiscard]] bool leads_session() const { return run_.options.mode == Mode::user; }
  [[nodiscard]] bool leads_container() const { return run_.options.container; }
  [[nodiscard]] bool leads_machine() const { return run_.options.mode == Mode::system && !leads_container(); }
  [[nodiscard]] std::optional<Daemon> daemon_of(pid_t pid) const;
  [[nodiscard]] std::set<pid_t> daemon_pids() const;

  base::EventLoop& loop_;
  const Log& log_;
  std::vector<std::string> command_line_;
  const RunDirectory& run_directory_;
  Run run_;
  protocol::Environment environment_;
  std::vector<ManagedDaemon> daemons_; // by their place in the table
  Lifecycle lifecycle_;
  NotifySocket notify_socket_;
  base::Timer limit_;
  std::list<base::SignalWatcher> signals_;
  std::optional<SessionFile> session_file_;
  std::optional<std::vector<std::string>> bridges_of_jobs_; // that loaded jobs ask for; nothing: not told yet
  Orphans orphans_;
  KeptExits kept_exits_;
  FleetFile fleet_;
  bool ending_orphans_ = false;
  pid_t rescue_shell_ = 0;
  Lifecycle::Time rescue_since_{};
  // Of a container.
  pid_t command_ = 0;
  std::optional<int> command_status_;
  bool left_ = false; // all that remains to be awaited is the command
  base::Timer command_limit_;
  rlimit open_files_{};
  std::optional<std::vector<Lifecycle::Known>> resumed_; // what an init before has handed over
  int status_ = 0;
};

} // namespace upstart::init
