#include "daemons/init/init.hpp"

#include "daemons/base/processes/process-stat.hpp"
#include "daemons/base/program/oom-score.hpp"
#include "daemons/init/configuration/directories.hpp"
#include "daemons/init/handover/re-execution.hpp"
#include "daemons/init/machine/console.hpp"
#include "daemons/init/machine/emergency.hpp"
#include "daemons/init/processes/launch.hpp"
#include "protocol/kernel-events.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <filesystem>

namespace upstart::init {

using base::FileDescriptor;

namespace {

constexpr int status_of_what_never_ran = 127 << 8;

// As waitpid tells it.
int wait_status(const siginfo_t& ended) {
  if (ended.si_code == CLD_EXITED) return W_EXITCODE(ended.si_status, 0);
  return ended.si_code == CLD_DUMPED ? ended.si_status | WCOREFLAG : ended.si_status;
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return std::format("killed by {} signal", name != nullptr ? name : std::to_string(WTERMSIG(status)));
  }
  return WEXITSTATUS(status) == 0 ? "ended" : std::format("ended with status {}", WEXITSTATUS(status));
}

Ending ending_of(int status) {
  if (!WIFEXITED(status)) return Ending::crashed;
  return WEXITSTATUS(status) == 0 ? Ending::clean : Ending::failed;
}

Lifecycle::Time now() { return std::chrono::steady_clock::now(); }

constexpr std::string_view program_prefix = "upstart-";
constexpr const char* bridge_of_fleet = "mqtt-bridge";
constexpr const char* package_of_fleet = "upstart-fleet";

const std::string& name_of(Daemon daemon) { return entry(daemon).program; }

} // namespace

Init::Init(base::EventLoop& loop, const Log& log, Preparation& prepared)
    : loop_{loop},
      log_{log},
      command_line_{std::move(prepared.command_line)},
      run_directory_{prepared.directory},
      run_{std::move(prepared.run)},
      environment_{std::move(prepared.environment)},
      daemons_{manage(std::move(prepared.specs))},
      lifecycle_{!of(Daemon::bus).spec.program.empty(), leads_machine()},
      notify_socket_{loop, std::move(prepared.notify_socket),
                     [this](pid_t sender, const Notification& notification, auto descriptors) {
                       notified(sender, notification, std::move(descriptors));
                     }},
      limit_{loop, [this] { perform(lifecycle_.limit_over()); }},
      kept_exits_{loop},
      fleet_{loop, environment_, leads_session(), [this] { look_for_fleet(); }},
      command_limit_{loop, [this] {
                       if (command_ > 0) ::kill(command_, SIGKILL);
                     }} {
  prepare_process();
  if (prepared.handed) take_over(*prepared.handed);
  watch_signals();
  let_signals_in();
}

std::vector<Init::ManagedDaemon> Init::manage(LaunchSpecs specs) {
  std::vector<ManagedDaemon> result;
  for (auto daemon : all_daemons()) {
    base::Timer pause{loop_, [this, daemon] { perform(lifecycle_.pause_over(daemon, now())); }};
    base::Timer hang_limit{loop_, [this, daemon] { hang_limit_over(daemon); }};
    result.push_back({.spec = std::move(spec_of(specs, daemon)),
                      .kept = {},
                      .pause = std::move(pause),
                      .hang_limit = std::move(hang_limit),
                      .period = run_.options.watchdog});
  }
  return result;
}

int Init::run() {
  if (resumed_) {
    perform(lifecycle_.resume(*resumed_, now()));
    reap();
    perform(lifecycle_.replace_asked());
  } else {
    reap(); // what ended while a shell was open, before there was anybody to hear of it
    perform(lifecycle_.begin(now()));
  }
  loop_.run();
  return status_;
}

void Init::prepare_process() {
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  base::avoid_oom_killer();
  // What is kept for the daemons may be much; their own limit stays what it was.
  ::getrlimit(RLIMIT_NOFILE, &open_files_);
  rlimit raised{open_files_.rlim_max, open_files_.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &raised);
}

void Init::watch_signals() {
  static constexpr std::array supervisor{Daemon::supervisor};
  on_signal(SIGCHLD, [this] { reap(); });
  on_signal(SIGHUP, [this] {
    pass_on(supervisor, SIGHUP);
    look_for_fleet();
  });
  on_signal(SIGUSR1, [this] { pass_on(own_daemons(), SIGUSR1); });
  on_signal(SIGTERM, [this] {
    if (leads_session() || leads_container()) end_asked();
    else execute_anew("TERM signal");
  });
  if (leads_machine()) watch_kernel_signals();
  else on_signal(SIGINT, [this] { end_asked(); });
}

void Init::watch_kernel_signals() {
  static constexpr std::array supervisor{Daemon::supervisor};
  for (const auto& kernel : protocol::kernel_events)
    on_signal(kernel.signal, [this, passed_on = kernel.passed_on] { pass_on(supervisor, passed_on); });
  ask_kernel_for_signals();
}

void Init::on_signal(int signal, std::function<void()> action) {
  signals_.emplace_back(loop_, signal, [this, signal, action = std::move(action)] {
    if (signal != SIGCHLD) log_.debug("{} signal came", ::sigabbrev_np(signal));
    action();
  });
}

void Init::perform(const Actions& actions) {
  for (const auto& action : actions) std::visit([this](const auto& one) { perform(one); }, action);
}

std::expected<pid_t, std::string> Init::launch(Daemon daemon, bool again) {
  auto& managed = of(daemon);
  Launch what{managed.spec.program, entry(daemon).arguments(run_, again), environment_.strings(), managed.kept.all(),
              open_files_,          base::ordinary_oom_score(),           log_.line_start()};
  if (!entry(daemon).needs_root) what.account = run_.bridge_account;
  for (const auto& [name, socket] : managed.spec.sockets) what.descriptors.emplace_back(name, socket.get());
  base::FileDescriptor exits;
  if (daemon == Daemon::supervisor) exits = kept_exits_.connect();
  if (exits) what.descriptors.emplace_back(base::orphan_exits_name, exits.get());
  auto period = std::chrono::microseconds{run_.options.watchdog}.count();
  if (daemon != Daemon::bus && period > 0) what.environment.push_back(std::format("WATCHDOG_USEC={}", period));
  return init::launch(what);
}

void Init::say_started(Daemon daemon) {
  auto& managed = of(daemon);
  auto version = version_of(managed.spec.program);
  bool replaced = std::exchange(managed.version, version) != version;
  if (!std::exchange(managed.started_before, true)) log_.info("{} ({}) started", name_of(daemon), managed.pid);
  else if (!replaced) log_.warning("{} ({}) started again", name_of(daemon), managed.pid);
  else log_.warning("{} ({}) started again: another version of {}", name_of(daemon), managed.pid, managed.spec.program);
}

// A bridge may be installed after init was started.
bool Init::find_program(Daemon bridge) {
  auto& managed = of(bridge);
  auto found = find_daemon(name_of(bridge), run_.options.daemon_directory);
  if (found) managed.spec.program = *found;
  else if (std::exchange(managed.said_missing, true)) log_.debug("{}", found.error());
  else if (name_of(bridge) == std::string{program_prefix} + bridge_of_fleet && fleet_.is_there())
    log_.warning("{} is there, but {}: the package {} has it. This machine is not a node of a fleet", fleet_.path(),
                 found.error(), package_of_fleet);
  else log_.warning("{}; loaded jobs wait for events that only this bridge emits, and they do not come", found.error());
  return found.has_value();
}

void Init::perform(const Start& start) {
  if (is_bridge(start.daemon) && !find_program(start.daemon)) return perform(lifecycle_.not_installed(start.daemon));
  auto pid = launch(start.daemon, start.again);
  if (!pid) {
    log_.error("unable to start {}: {}", name_of(start.daemon), pid.error());
    perform(lifecycle_.died(start.daemon, ending_of(status_of_what_never_ran), now()));
    return;
  }
  of(start.daemon).pid = *pid;
  of(start.daemon).tells_of_execution = run_.executed_anew;
  say_started(start.daemon);
}

void Init::perform(const Pause& pause) {
  log_.warning("{} keeps ending: it is started again in {} ms", name_of(pause.daemon), pause.length.count());
  of(pause.daemon).pause.start(pause.length);
}

void Init::perform(const Linger& linger) {
  log_.debug("no job asks for {}: it is ended in {}", name_of(linger.daemon), linger.length);
  of(linger.daemon).pause.start(linger.length);
}

void Init::perform(const Discard& discard) { of(discard.daemon).kept.clear(); }

void Init::perform(const Send& send) {
  if (pid_t pid = of(send.daemon).pid; pid > 0) ::kill(pid, send.signal);
  if (send.signal == SIGKILL) log_.warning("killing {}", name_of(send.daemon));
}

void Init::perform(const Limit& limit) { limit_.start(limit.length); }

void Init::perform(const Rescue& rescue) {
  auto why = std::format("{} keeps ending, and nothing works without it", name_of(rescue.daemon));
  log_.critical("{}; a shell is on the console", why);
  tell_console(emergency_message(why));
  rescue_since_ = now();
  if (auto shell = start_emergency_shell()) rescue_shell_ = *shell;
  else log_.error("no shell on the console: {}", shell.error());
}

// A shell that ends at once was used by nobody: another is asked for when the daemon has ended once more.
void Init::rescue_ended() {
  constexpr std::chrono::milliseconds shortest_use{500};
  rescue_shell_ = 0;
  log_.warning("the shell on the console has ended");
  perform(lifecycle_.rescue_over(now() - rescue_since_ >= shortest_use, now()));
}

// A container's manager waits ten seconds before it kills everything: the jobs get seven, what is left then two more.
void Init::end_asked() {
  constexpr std::chrono::milliseconds limit_of_jobs{7'000};
  if (lifecycle_.is_running() && leads_container()) limit_.start(limit_of_jobs);
  if (command_ > 0) ::kill(command_, SIGTERM);
  perform(lifecycle_.end_asked());
}

void Init::run_command() {
  const auto& command = run_.options.command;
  if (command.empty() || command_ > 0 || command_status_) return;
  auto started = launch_command(command, open_files_);
  if (started) command_ = *started;
  else log_.error("unable to start {}: {}", command.front(), started.error());
}

void Init::command_ended(int status) {
  constexpr int signal_base = 128;
  command_ = 0;
  command_status_ = WIFSIGNALED(status) ? signal_base + WTERMSIG(status) : WEXITSTATUS(status);
  log_.info("{} {}: the container ends", run_.options.command.front(), describe(status));
  if (left_) perform(Leave{status_});
  else if (lifecycle_.is_running()) end_asked();
}

void Init::perform(const Announce&) {
  run_command();
  if (!run_.private_address) return;
  log_.info("clients are served at {}", *run_.private_address);
  if (!run_.runtime_directory) return;
  auto written = SessionFile::write(*run_.runtime_directory, run_.init_pid, *run_.private_address);
  if (written) session_file_.emplace(std::move(*written));
  else log_.error("{}", written.error());
}

void Init::perform(const Withdraw&) {
  session_file_.reset();
  of(Daemon::supervisor).spec.sockets.clear();
}

void Init::perform(const EndOrphans& end) {
  orphans_.end_with(end.signal);
  ending_orphans_ = true;
  look_for_orphans();
}

void Init::perform(const Leave& leave) {
  constexpr std::chrono::milliseconds limit_of_command{500};
  status_ = leave.status;
  left_ = true;
  if (command_ > 0) return command_limit_.start(limit_of_command);
  if (command_status_) status_ = *command_status_;
  loop_.stop();
}

void Init::pass_on(std::span<const Daemon> daemons, int signal) {
  for (auto daemon : daemons) perform(lifecycle_.pass_on(daemon, signal));
}

void Init::reap() {
  look_at_stops();
  siginfo_t next{};
  while (::waitid(P_ALL, 0, &next, WEXITED | WNOHANG | WNOWAIT) == 0 && next.si_pid > 0) {
    if (!reap(next)) break;
    next = {};
  }
  if (ending_orphans_) look_for_orphans();
}

// Stopped by a signal, or going on after that; orphans may be as they like.
void Init::look_at_stops() {
  siginfo_t next{};
  while (::waitid(P_ALL, 0, &next, WSTOPPED | WCONTINUED | WNOHANG) == 0 && next.si_pid > 0) {
    if (auto daemon = daemon_of(next.si_pid))
      watch(*daemon, next.si_code == CLD_CONTINUED ? of(*daemon).hang.continued() : of(*daemon).hang.stopped());
    next = {};
  }
}

// Until it is reaped a process that has ended can be looked at, and its number is no other's: how an orphan ended is
// told before, so that whoever looks for it either still sees it or has been told.
bool Init::reap(const siginfo_t& ended) {
  pid_t pid = ended.si_pid;
  int status = wait_status(ended);
  auto daemon = daemon_of(pid);
  if (!daemon && pid != rescue_shell_ && pid != command_) {
    auto stat = base::process_stat(pid);
    kept_exits_.add({.pid = pid,
                     .status = status,
                     .start_ticks = stat ? stat->start_ticks : 0,
                     .session = stat ? stat->session : 0,
                     .reaped_ns = std::chrono::nanoseconds{now().time_since_epoch()}.count()});
  }
  if (::waitpid(pid, nullptr, WNOHANG) != pid) return false;
  if (daemon) died(*daemon, status);
  else if (pid == rescue_shell_) rescue_ended();
  else if (pid == command_) command_ended(status);
  else log_.debug("orphan ({}) {}", pid, describe(status));
  return true;
}

// What the dead one has said is heard before its death is acted on.
void Init::died(Daemon daemon, int status) {
  notify_socket_.drain();
  auto ending = ending_of(status);
  watch(daemon, of(daemon).hang.ended());
  auto pid = std::exchange(of(daemon).pid, 0);
  if (ending == Ending::clean) log_.info("{} ({}) {}", name_of(daemon), pid, describe(status));
  else log_.warning("{} ({}) {}", name_of(daemon), pid, describe(status));
  perform(lifecycle_.died(daemon, ending, now()));
}

// The job that a container is there for.
void Init::job_ended(int status) {
  if (!std::exchange(command_status_, status))
    log_.info("{} ended with status {}: the container ends", run_.container_job.front(), status);
  if (lifecycle_.is_running()) end_asked();
}

void Init::watch(Daemon daemon, const HangWatch::Answer& answer) {
  using enum HangWatch::Finding;
  if (!answer) return;
  auto& managed = of(daemon);
  auto say = [&](std::string_view what) { log_.warning("{} ({}) {}", name_of(daemon), managed.pid, what); };
  if (answer->finding == silent) say("hangs: it is ended with ABRT signal, and started again");
  if (answer->finding == still_silent) say("does not heed ABRT signal: it is killed");
  if (answer->finding == stopped) say("was stopped by a signal: it is continued");
  if (answer->finding == still_stopped) say("does not go on after it was stopped: it is killed");
  if (answer->signal) ::kill(managed.pid, *answer->signal);
  if (answer->wait) managed.hang_limit.start(std::chrono::ceil<std::chrono::milliseconds>(*answer->wait));
  else managed.hang_limit.stop();
}

// What it has said meanwhile counts: it may lie unread when init itself was late.
void Init::hang_limit_over(Daemon daemon) {
  notify_socket_.drain();
  if (of(daemon).pid > 0 && !of(daemon).hang_limit.active()) watch(daemon, of(daemon).hang.time_over());
}

void Init::hear_sign(Daemon daemon, const Notification& notification) {
  auto& managed = of(daemon);
  if (notification.period == std::chrono::microseconds{0}) return watch(daemon, managed.hang.rest());
  if (notification.period) managed.period = *notification.period;
  if (notification.alive && managed.period.count() > 0) watch(daemon, managed.hang.sign(managed.period));
}

void Init::look_for_orphans() {
  if (!orphans_.signal_all_but(daemon_pids())) return;
  ending_orphans_ = false;
  perform(lifecycle_.orphans_gone());
}

// A machine is a node of a fleet where there is a fleet.conf, whatever its jobs ask for. The bridge itself notices when
// that changes.
void Init::look_for_fleet() {
  if (bridges_of_jobs_) return take_wanted_bridges(*bridges_of_jobs_);
  std::vector<std::string> known; // to the init before, or none
  for (auto bridge : all_bridges()) {
    auto name = name_of(bridge).substr(program_prefix.size());
    bool is_of_file = name == bridge_of_fleet && fleet_.is_there();
    if (lifecycle_.known_of(bridge).wanted && !is_of_file) known.push_back(std::move(name));
  }
  take_wanted_bridges(std::move(known));
}

void Init::take_wanted_bridges(std::vector<std::string> names) {
  bridges_of_jobs_ = std::move(names);
  auto asked_for = *bridges_of_jobs_;
  if (fleet_.is_there()) asked_for.emplace_back(bridge_of_fleet);
  std::vector<Daemon> wanted;
  for (const auto& name : asked_for)
    if (auto bridge = bridge_of_name(name)) wanted.push_back(*bridge);
    else log_.warning("the job supervisor asks for the bridge {}, which this init does not know", name);
  perform(lifecycle_.bridges_wanted(wanted, now()));
}

void Init::start_bridge_for_client(const std::string& name) {
  if (auto bridge = bridge_of_name(name)) return perform(lifecycle_.bridge_asked(*bridge, now()));
  log_.warning("a client asks for the bridge {}, which this init does not know", name);
}

void Init::notified(pid_t sender, const Notification& notification, std::vector<FileDescriptor> descriptors) {
  auto daemon = daemon_of(sender);
  if (!daemon) {
    log_.debug("a notification from process {}, which is not one of the daemons, is ignored", sender);
    return;
  }
  if (!notification.status.empty()) log_.debug("{}: {}", name_of(*daemon), notification.status);
  hear_sign(*daemon, notification);
  if (notification.forget) of(*daemon).kept.forget(notification.name);
  if (notification.keep) keep(*daemon, notification, std::move(descriptors));
  if (notification.bridges && daemon == Daemon::supervisor) take_wanted_bridges(*notification.bridges);
  if (notification.start_bridge && daemon == Daemon::supervisor) start_bridge_for_client(*notification.start_bridge);
  if (notification.ready) {
    log_.debug("{} is ready", name_of(*daemon));
    if (*daemon == Daemon::supervisor && of(*daemon).tells_of_execution) run_.executed_anew = false;
    perform(lifecycle_.ready(*daemon, now()));
    if (*daemon == Daemon::supervisor) look_for_fleet();
  }
  if (notification.execute_anew && *daemon == Daemon::supervisor)
    loop_.defer([this, by = notification.asked_by] { execute_anew(by); });
  if (notification.container_end && *daemon == Daemon::supervisor && !run_.container_job.empty())
    job_ended(*notification.container_end);
  if (notification.stopping) {
    log_.debug("{} is stopping", name_of(*daemon));
    perform(lifecycle_.stopping(*daemon));
  }
}

void Init::keep(Daemon daemon, const Notification& notification, std::vector<FileDescriptor> descriptors) {
  for (auto& descriptor : descriptors) {
    auto kept = of(daemon).kept.keep(notification.name, std::move(descriptor));
    if (!kept) log_.warning("a descriptor that {} wants to be kept is closed: {}", name_of(daemon), kept.error());
  }
}

std::optional<Daemon> Init::daemon_of(pid_t pid) const {
  for (auto daemon : all_daemons())
    if (pid > 0 && daemons_[static_cast<std::size_t>(daemon)].pid == pid) return daemon;
  return std::nullopt;
}

std::set<pid_t> Init::daemon_pids() const {
  std::set<pid_t> result;
  for (const auto& managed : daemons_) result.insert(managed.pid);
  if (command_ > 0) result.insert(command_); // it is told by itself
  return result;
}

} // namespace upstart::init
