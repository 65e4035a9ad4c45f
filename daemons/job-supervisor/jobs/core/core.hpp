// What all parts of the jobs share: the tables, the turn that is going on, and the few things that each of them does to
// both. Knows neither D-Bus nor the kernel; the ports are the only way out. What a turn does leaves through the
// executor; besides it, an instance opens its processes when it is made, and alarms are set (the kill timers of lives,
// and the two of the session's end), and the broker is told which events are wanted.
#pragma once

#include "daemons/job-supervisor/jobs/core/turn.hpp"
#include "daemons/job-supervisor/jobs/records/records.hpp"
#include "daemons/job-supervisor/jobs/tables/callers.hpp"
#include "daemons/job-supervisor/jobs/tables/class-table.hpp"
#include "daemons/job-supervisor/jobs/tables/environment-tables.hpp"
#include "daemons/job-supervisor/jobs/tables/handled-events.hpp"
#include "daemons/job-supervisor/jobs/tables/offered-sockets.hpp"

#include <functional>

namespace upstart::supervisor {

struct Options {
  protocol::Environment own_environment; // that init was started with
  bool inherit_environment = false;      // a session or a container: its jobs begin with that
  std::string session_address;           // UPSTART_SESSION of jobs' processes; empty: none
  // A turn that takes longer goes on when the loop comes round: an event that starts ten thousand jobs holds up nobody
  // who looks on, and init does not take it for a hang.
  std::chrono::milliseconds longest_turn{5};
  // Called before an event is matched and before a turn: what has been done to job files since is applied by it.
  std::function<void()> settle_configuration = [] {};
};

// Public members, since it is a place and not an actor: each part changes what it is about.
class Core {
public:
  Core(Ports in_ports, Options in_options, InputSink& inputs)
      : ports{in_ports},
        options{std::move(in_options)},
        environments{options.own_environment, options.inherit_environment},
        world{.index = index, .processes = ports.processes, .inputs = inputs} {}

  void tell(Notice notice) { turn.outgoing.emplace_back(outgoing::Tell{std::move(notice)}); }
  void write(Severity severity, std::string text) {
    turn.outgoing.emplace_back(outgoing::Write{severity, std::move(text)});
  }
  void answer(CallerId caller, Outcome outcome) {
    callers.decide(caller, outcome, ports.clock.now());
    turn.outgoing.emplace_back(outgoing::Answer{caller, std::move(outcome)});
  }
  template <typename OneOfWork> void add_work(OneOfWork work) { turn.work.emplace_back(std::move(work)); }
  // Whether anybody wants it is decided when it is its turn.
  void emit(Emission emission);
  // An expression or a job releases an event; the broker is told when it was the last.
  void release(EventId event, bool failed);
  // The broker is told of event names that jobs began or ceased to wait for: at once, since it drops an event that
  // nobody waits for when this daemon attaches.
  void update_subscription();
  // Keeps a record of the job, for those who ask why.
  void note(ClassEntry& entry, RecordKind kind, const std::string& instance, std::string text);
  // At once, and not when the turn leaves: a timer that goes off is the one that the life has set.
  void set_kill_timer(Job& job, std::chrono::milliseconds after);
  // How many instances of a job there are is told if a bridge wants to know.
  void tell_activity(const ClassEntry& entry);

  Ports ports;
  Options options;
  EnvironmentTables environments;
  protocol::RecentEnvironments recent_environments; // of runs
  RecentCauses recent_causes;                       // of runs
  RecentTexts recent_texts;                         // of what is remembered of classes
  EventIndex index;
  Job::World world; // what instances are made with
  HandledEvents events;
  FinishedEvents finished;
  Callers callers;
  Emissions emissions;
  ClassTable classes;
  OfferedSockets offers;
  Turn turn;
  bool session_ends = false;
  record::Session session;                 // when it ends
  std::set<std::string> watched_events;    // by bridges
  std::map<std::string, std::string> kept; // what the daemon wants to be remembered, by name
  Changes<std::string> kept_changes;
};

} // namespace upstart::supervisor
