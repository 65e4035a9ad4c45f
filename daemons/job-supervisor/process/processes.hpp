// The port through which jobs run processes. The real one (real-processes.hpp) forks, executes, watches, logs and
// kills; tests have one that only remembers. One `JobProcesses` belongs to one instance of a job for its whole life.
//
// What a process is started with comes from its class (language/job-class.hpp): command, console, limits, user and so
// on are applied here, in the order that lifecycle.md gives.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace upstart::supervisor {

// Descriptors that came with events, shared by the event and the jobs it started.
using SharedFiles = std::vector<std::shared_ptr<const base::FileDescriptor>>;

// Why a process could not be started: the text after "Failed to spawn JOB PROCESS process: ", such as
// "unable to execute: No such file or directory".
struct SpawnFailure {
  std::string reason;
  friend bool operator==(const SpawnFailure&, const SpawnFailure&) = default;
};

// A listening socket that a bridge offers to the job.
struct OfferedFile {
  std::shared_ptr<const base::FileDescriptor> file;
  std::string name; // in LISTEN_FDNAMES
  // Others have the same open socket; whether it blocks is as they have set it. Else it is made to block.
  bool is_used_by_others = false;
};

struct SpawnRequest {
  ProcessKind kind = ProcessKind::main;
  std::vector<std::string>
      environment;   // complete KEY=VALUE strings; only what depends on descriptors and the child's pid is
                     // added: UPSTART_FDS, LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES, READY_FD, NOTIFY_SOCKET
  SharedFiles files; // become descriptors 3, 4, … of the process
  std::vector<std::string>
      file_names{};                   // for LISTEN_FDNAMES, in the order of `files`; those that lack one are "unknown"
  std::vector<OfferedFile> offered{}; // come before `files`, which lose those that are the same sockets
  std::vector<std::string> parameters{}; // $1 $2 … of what a shell runs (JobClass::positional_parameters)
};

// What happens to a job's processes, told from the event loop, never from within a call of JobProcesses.
class ProcessEvents {
public:
  virtual ~ProcessEvents() = default;
  // The program is running (exec has succeeded).
  virtual void executed(ProcessKind kind) = 0;
  // It could not be executed; the process is gone and `ended` will not be called.
  virtual void not_executed(ProcessKind kind, const SpawnFailure& failure) = 0;
  // The main process is ready as its `expect` says; `pid` is the one supervised from now on. Without expect this
  // follows `executed` at once. Not called when the process ends first.
  virtual void ready(pid_t pid) = 0;
  // After `ready`: another process has taken the main one's place (it forked late, or named another as the main one);
  // `pid` is the one supervised from now on.
  virtual void moved(pid_t /*pid*/) {}
  // The main process, which was told to end, has ended; others that it has started have not, and are waited for one
  // after the other, now for this one. `ended` of main comes after the last, with main's own wait status.
  virtual void left_behind(pid_t /*pid*/) {}
  // What the main process says of itself (STATUS= of expect notify).
  virtual void status(const std::string& /*text*/) {}
  // The main process asks for that much time from now on, when it has been told to end (EXTEND_TIMEOUT_USEC=).
  virtual void time_asked(std::chrono::milliseconds /*time*/) {}
  // It has ended; `wait_status` as wait(2) tells it. The last thing that is told of this process.
  virtual void ended(ProcessKind kind, int wait_status) = 0;

  // Only after `Processes::adopt`, of a process that was to be started (pid 0): it was started, and this is it; what
  // else happens to it is told as usual, from `executed` on. Or: it was never started, and is to be started now.
  virtual void found(ProcessKind /*kind*/, pid_t /*pid*/) {}
  virtual void never_started(ProcessKind /*kind*/) {}
  // What `JobProcesses::notes` says has changed (a process moved, became ready, was told to end …). May be called at
  // any time, also from within a call of JobProcesses; cheap.
  virtual void notes_changed() {}
};

// A process that is alive as far as the life of its job knows.
struct LivingProcess {
  ProcessKind kind = ProcessKind::main;
  pid_t pid = 0; // 0: it was to be started when that was last written down
  // Of one without a pid: it may be there, since it was the next to be started. Else it was never started.
  bool may_be_there = true;
  friend bool operator==(const LivingProcess&, const LivingProcess&) = default;
};

class JobProcesses {
public:
  // Gives up watching; processes still running are not touched.
  virtual ~JobProcesses() = default;
  // Forks. At most one process of a kind at a time. The error is that of what can fail before or in the fork.
  virtual std::expected<pid_t, SpawnFailure> spawn(const SpawnRequest& request) = 0;
  // Sends a signal that ends it to the process group of that process; nothing if there is none. Of main it ends all
  // that it has started: its end is told when the last of them has ended. SIGKILL goes to all of them at once.
  virtual void signal(ProcessKind kind, int signal_number) = 0;
  // Sends a signal to that process alone.
  virtual void signal_process(ProcessKind kind, int signal_number) = 0;
  // Ends with SIGKILL whatever the job has left behind: its control group where there is one, else its descendants.
  virtual void kill_strays() = 0;
  // The same for those that nobody has asked to end yet: `signal_number`, and SIGKILL only when `grace` has passed,
  // whatever becomes of this object.
  virtual void end_strays(int signal_number, std::chrono::milliseconds grace) = 0;
  // All that another supervisor needs to take these processes up again (Processes::adopt), as bytes that only the
  // implementation understands: start times, groups, readiness, what was told to end and until when … Empty: nothing
  // more than the life of the job knows. Asked for after every turn in which the job changed.
  [[nodiscard]] virtual std::string notes() const = 0;
};

class Processes {
public:
  virtual ~Processes() = default;
  // `events` must outlive what is returned.
  virtual std::unique_ptr<JobProcesses> open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                             ProcessEvents& events) = 0;
  // Takes up the processes of an instance that an earlier supervisor started: `notes` as it last wrote them down,
  // `alive` those that the job's life believes to be alive. Tells nothing before it returns; then, from the loop, what
  // has become of each: `found` or `never_started` of those that were to be started (of at most one of all instances
  // it is not known which: `may_be_there`), and `ready`, `moved`, `ended` …
  // as usual, also of what happened while there was no supervisor, each once.
  virtual std::unique_ptr<JobProcesses> adopt(std::shared_ptr<const JobClass> job_class, std::string instance,
                                              ProcessEvents& events, const std::string& notes,
                                              const std::vector<LivingProcess>& alive) = 0;
  // Whether a profile can be loaded at all: where AppArmor is off, `apparmor load` is ignored.
  [[nodiscard]] virtual bool apparmor_enabled() const = 0;
  // Console logs can be written from now on (NotifyDiskWriteable): what was kept is flushed.
  virtual void logs_writable() = 0;
};

} // namespace upstart::supervisor
