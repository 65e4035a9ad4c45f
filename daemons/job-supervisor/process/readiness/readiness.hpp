// How a main process becomes ready, one class for each word of `expect`. A Readiness is made before its process is
// spawned, begun when the process has executed, and destroyed when it has ended. What it has seen is written down, so
// that the next supervisor goes on where this one was; times by which somebody waits begin anew there.
#pragma once

#include "daemons/base/bytes.hpp"
#include "daemons/job-supervisor/process/groups/job-members.hpp"
#include "daemons/job-supervisor/process/plan/spawn-plan.hpp"
#include "daemons/job-supervisor/process/processes.hpp"

#include <string>

namespace upstart::supervisor {

// The main process as its readiness sees it. `ready` and `supervise` may destroy the readiness: do nothing after them.
class MainProcess {
public:
  virtual ~MainProcess() = default;
  [[nodiscard]] virtual WatchedChild& child() = 0;
  [[nodiscard]] virtual JobMembers members() const = 0;
  [[nodiscard]] virtual Children& children() = 0;
  // Makes this process the main one from now on. False when it does not exist any more.
  virtual bool supervise(pid_t pid) = 0;
  // Ready, or where that was told before, moved to another process.
  virtual void ready() = 0;
  virtual void status_text(const std::string& text) = 0;
  // It wants that much time, from now on, to end.
  virtual void time_asked(std::chrono::milliseconds time) = 0;
  // What write_notes writes has changed.
  virtual void notes_changed() = 0;
  // Logs a warning; the job's name and "main process: " are put before it.
  virtual void warn(const std::string& what) = 0;
};

// What the end of the main process means.
enum class MainEnd {
  end,       // the main process has ended
  replaced,  // another process has taken its place
  undecided, // it cannot be told yet: ask again in a moment
};

class Readiness {
public:
  virtual ~Readiness() = default;
  // Adds what the process is to be given.
  virtual void prepare(PlanExtras&) {}
  // The process has executed.
  virtual void begin() = 0;
  // The same, but an earlier supervisor has begun it, and its notes were restored.
  virtual void go_on() { begin(); }
  // It has seen that the process is ready. Written down on its own, before that is told: the next supervisor tells it.
  [[nodiscard]] virtual bool is_ready() const = 0;
  // What the next supervisor must know; each kind reads it in its own `restore`.
  virtual void write_notes(base::ByteWriter& out) const = 0;
  // The process has ended.
  virtual MainEnd main_ended(int /*wait_status*/) { return MainEnd::end; }
  // The supervisor sends the process a signal that ends it.
  virtual void signalled() {}
};

} // namespace upstart::supervisor
