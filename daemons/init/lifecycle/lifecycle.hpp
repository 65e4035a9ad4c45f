// What init does and when, as data: told what has happened to the daemons, it answers with what to do. It knows no
// process, no clock and no descriptor.
//
//   running ──► ending ──► dismissing ──► closing ──► over
//
// running     every daemon is there, or about to be started again; a bridge while loaded jobs ask for its event, and
// for
//             `linger` after that.
// ending      the end was asked for, or the supervisor said that it is stopping: it stops the jobs. The other daemons
//             serve it and are started again if they die.
// dismissing  the supervisor has gone. Broker and bridges are told to go; so is what supervisors that crashed left
// behind. closing     the bus is told to go.
#pragma once

#include "daemons/init/configuration/daemon-table.hpp"

#include <array>
#include <chrono>
#include <deque>
#include <variant>
#include <vector>

namespace upstart::init {

// Start it; `again` if it was ready once before.
struct Start {
  Daemon daemon;
  bool again;
  friend bool operator==(const Start&, const Start&) = default;
};
// Do nothing for so long, then tell `pause_over`.
struct Pause {
  Daemon daemon;
  std::chrono::milliseconds length;
  friend bool operator==(const Pause&, const Pause&) = default;
};
// No job asks for this bridge any more: tell `pause_over` after so long.
struct Linger {
  Daemon daemon;
  std::chrono::milliseconds length;
  friend bool operator==(const Linger&, const Linger&) = default;
};
// A bridge that no job asks for has gone: what it had asked to be kept is given up.
struct Discard {
  Daemon daemon;
  friend bool operator==(const Discard&, const Discard&) = default;
};
// Send it this signal.
struct Send {
  Daemon daemon;
  int signal;
  friend bool operator==(const Send&, const Send&) = default;
};
// Tell `limit_over` after so long; one limit at a time, a new one replaces the old.
struct Limit {
  std::chrono::milliseconds length;
  friend bool operator==(const Limit&, const Limit&) = default;
};
// A daemon that nothing works without keeps ending: somebody at the console is to see to it; then tell `rescue_over`.
struct Rescue {
  Daemon daemon;
  friend bool operator==(const Rescue&, const Rescue&) = default;
};
// Tell the world where the session is.
struct Announce {
  friend bool operator==(const Announce&, const Announce&) = default;
};
// Nobody will answer there any more.
struct Withdraw {
  friend bool operator==(const Withdraw&, const Withdraw&) = default;
};
// Send this signal to every child that is no daemon, until `orphans_gone` can be told.
struct EndOrphans {
  int signal;
  friend bool operator==(const EndOrphans&, const EndOrphans&) = default;
};
// All is done; exit with this status.
struct Leave {
  int status;
  friend bool operator==(const Leave&, const Leave&) = default;
};

using Action = std::variant<Start, Pause, Linger, Discard, Send, Limit, Rescue, Announce, Withdraw, EndOrphans, Leave>;
using Actions = std::vector<Action>;

// How a daemon ended.
enum class Ending {
  clean,   // exit status 0
  failed,  // another exit status. Of a supervisor that said it is stopping: so does init, then
  crashed, // a signal
};

// More than twenty methods: eleven are what can happen, the private ones the steps of a phase.
class Lifecycle {
public:
  using Time = std::chrono::steady_clock::time_point;

  // `machine`: of process 1 of a machine, which never ends, whatever the supervisor says, and asks for rescue.
  explicit Lifecycle(bool with_bus, bool machine = false);

  [[nodiscard]] Actions begin(Time now);
  // What another one of these may know of a daemon.
  struct Known {
    Daemon daemon;
    bool wanted = true;
    bool alive = false;
    bool ready = false;
    bool was_ready = false;
  };
  // Instead of `begin`, where init was executed anew: those that are wanted and do not run are started.
  [[nodiscard]] Actions resume(const std::vector<Known>& all, Time now);
  [[nodiscard]] Known known_of(Daemon daemon) const;
  [[nodiscard]] bool is_running() const { return phase_ == Phase::running; }
  // The daemon has said READY=1 or STOPPING=1.
  [[nodiscard]] Actions ready(Daemon daemon, Time now);
  [[nodiscard]] Actions stopping(Daemon daemon);
  // It has ended, or could not be started.
  [[nodiscard]] Actions died(Daemon daemon, Ending how, Time now);
  [[nodiscard]] Actions pause_over(Daemon daemon, Time now);
  // Loaded jobs ask for the events of these bridges, and of no others.
  [[nodiscard]] Actions bridges_wanted(const std::vector<Daemon>& wanted, Time now);
  // A client wants this one: if no job asks for it, it is started, or goes on, and is ended after `asked_linger`.
  [[nodiscard]] Actions bridge_asked(Daemon bridge, Time now);
  // Its program is not there: it is not started until jobs begin to ask for it anew.
  [[nodiscard]] Actions not_installed(Daemon bridge);
  // A signal meant for the daemon. Until it is ready, and ready for signals, it is held back.
  [[nodiscard]] Actions pass_on(Daemon daemon, int signal);
  // Each of Upstart's own daemons is to be replaced by a new one, the way a crash is survived: one after the other, the
  // next when the new one is ready.
  [[nodiscard]] Actions replace_asked();
  // Asked a second time, the supervisor gets `hurry_limit` to finish; a third time, none.
  [[nodiscard]] Actions end_asked();
  [[nodiscard]] Actions limit_over();
  // `used`: somebody was there, so that all is tried again at once, and from the beginning.
  [[nodiscard]] Actions rescue_over(bool used, Time now);
  [[nodiscard]] Actions orphans_gone();

  static constexpr std::chrono::milliseconds dismissal_limit{2'000};
  static constexpr std::chrono::milliseconds hurry_limit{2'000};
  // A bridge goes on for so long when nobody asks for it: job files are often replaced by others that do.
  static constexpr std::chrono::milliseconds linger{5'000};
  static constexpr std::chrono::milliseconds asked_linger{60'000};

private:
  enum class Phase { running, ending, dismissing, closing, over };
  struct DaemonState {
    bool wanted = true;     // a bridge: by jobs
    bool lingering = false; // a bridge that is no longer wanted, and not yet told to go
    bool alive = false;
    bool ready = false;
    bool was_ready = false;
    unsigned deaths = 0; // in a row, without having proved itself in between
    Time since{};        // it was started or, later, was ready
    std::vector<int> held;
  };

  [[nodiscard]] DaemonState& of(Daemon daemon) { return daemons_[static_cast<std::size_t>(daemon)]; }
  [[nodiscard]] bool alive(Daemon daemon) { return of(daemon).alive; }
  [[nodiscard]] bool any_alive(const std::vector<Daemon>& daemons);
  [[nodiscard]] bool needed(Daemon daemon) const;
  [[nodiscard]] std::vector<Daemon> leaving() const;
  Start start(Daemon daemon, Time now);
  void want(Daemon bridge, Time now, Actions& actions);
  void unwant(Daemon bridge, std::chrono::milliseconds lingering, Actions& actions);
  Actions start_again(Daemon daemon, Time now);
  void supervisor_died(Ending how);
  void begin_ending() {
    phase_ = Phase::ending;
    to_replace_.clear();
    first_died_ = false;
  }
  Actions replace_next();
  Actions replaced();
  Actions hurry();
  Actions advance();
  void dismiss(Actions& actions);
  void close(Actions& actions);
  void dismiss_daemon(Daemon daemon, Actions& actions);

  std::array<DaemonState, daemon_count> daemons_;
  bool machine_;
  bool rescuing_ = false;
  std::deque<Daemon> to_replace_; // the first has been killed
  bool first_died_ = false;       // of to_replace_
  Phase phase_ = Phase::running;
  unsigned times_asked_ = 0;        // to end
  bool may_have_left_jobs_ = false; // a supervisor died otherwise than at the end of its work
  bool orphans_ = false;
  bool killed_ = false; // what the present phase waits for has been sent SIGKILL
  int status_ = 0;
};

} // namespace upstart::init
