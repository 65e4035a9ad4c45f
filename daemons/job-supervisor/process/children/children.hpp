// The processes that the supervisor watches. Each one that matters is watched by its pidfd (exit-watch.hpp), and reaped
// through it at once if it is a child; those that an earlier supervisor started are children of init now, and how they
// end is told by the kernel (where it keeps the status for the pidfd) or by init. Where a pidfd or its watch is not to
// be had (too many files are open, too many watched), it is tried again, and the process is looked at meanwhile: that
// somebody lacks descriptors ends no job and loses none. Orphans of jobs come to the
// supervisor because it is a subreaper, or, of processes that were adopted, to init. The supervisor's are reaped by a
// sweep that SIGCHLD sets off, at most every so often, so that no exit costs a walk over all children.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/orphan-exits.hpp"
#include "daemons/base/values/flat-map.hpp"
#include "daemons/base/values/rare.hpp"
#include "daemons/job-supervisor/process/children/ended-children.hpp"
#include "daemons/job-supervisor/process/children/exit-watch.hpp"
#include "daemons/job-supervisor/process/children/process-handle.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <sys/types.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

namespace upstart::supervisor {

class Children;

// What is told of a process whose status nobody knows: that it has failed.
inline constexpr int unknown_wait_status = 255 << 8;

// A process that is watched, a child or an adopted one. Destroying it ends the watch, not the process.
class WatchedChild {
public:
  // `this_process`: it was forked here. Else it may be anybody's, and somebody else may reap it.
  enum class Parent : bool { unknown, this_process };
  // `ended` gets the wait status, once; from the loop. Without a pidfd it opens its own: what has the number but was
  // not started then is another process, and the one that is meant has gone.
  WatchedChild(Children& children, const ProcessId& id, base::FileDescriptor pidfd, std::function<void(int)> ended,
               Parent parent = Parent::unknown);
  ~WatchedChild();
  WatchedChild(const WatchedChild&) = delete;
  WatchedChild& operator=(const WatchedChild&) = delete;

  [[nodiscard]] pid_t pid() const { return id().pid; }
  [[nodiscard]] const ProcessId& id() const { return process_.id(); }
  // It has ended, and nobody can tell how: `ended` was given unknown_wait_status.
  [[nodiscard]] bool end_is_unknown() const { return end_is_unknown_; }
  // That it is in now; 0: it has gone.
  [[nodiscard]] pid_t process_group() const;
  // To its process group, or to it alone while it leads none yet.
  void signal_group(int signal_number) { signal_group(process_group(), signal_number); }
  // The same, where that is the group that it is in.
  void signal_group(pid_t group, int signal_number);
  void signal(int signal_number);
  // Calls back when it stops (SIGSTOP and the like), also if it has done so before, from now on or, with nothing, no
  // more.
  void on_stop(std::function<void()> stopped);

private:
  friend class Children;
  void begin_watch();
  void check();
  void check_stopped();
  void check_adopted();
  void look();
  void look_repeatedly();
  [[nodiscard]] std::optional<int> status_of_adopted() const;
  void finish(int wait_status);

  Children& children_;
  ProcessHandle process_;
  std::function<void(int)> ended_;
  base::Rare<std::function<void()>> stopped_;
  bool is_watched_ = false; // the kernel tells its end; else it is looked at
  bool gone_ = false, end_is_unknown_ = false;
  bool ending_ = false;                // adopted, and has ended: how is not told yet
  int looks_in_vain_ = 0;              // since it has gone
  std::unique_ptr<base::Timer> looks_; // at an adopted one; made when it is needed
};

class Children {
public:
  // `ends_path`: where ends are kept for the next supervisor; empty: nowhere. `init`: to whom the children of a
  // supervisor come that dies; 0: the parent of this process.
  explicit Children(base::EventLoop& loop, const std::string& ends_path = {}, pid_t init = 0);
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  [[nodiscard]] bool is_watched(pid_t pid) const { return watched_.contains(pid); }
  [[nodiscard]] base::EventLoop& loop() { return loop_; }
  [[nodiscard]] const EndedChildren& ends() const { return ends_; }

  // Listens to init, which tells how orphans end: first of those that ended while there was no supervisor.
  void inherit(base::FileDescriptor orphan_exits);
  // From now on orphans may come to init, too.
  void adopts_processes() { adopts_ = true; }
  // Those of this process, and of init where processes were adopted, without those that are watched.
  [[nodiscard]] std::vector<pid_t> orphans() const;
  // Whether that is one of those whose children `orphans` tells.
  [[nodiscard]] bool takes_orphans(pid_t parent) const;
  // Those that init has told of lately; without those of processes that were watched when they ended.
  [[nodiscard]] const std::deque<base::OrphanExit>& told_exits() const { return told_; }
  // Whether that is the end of a process that is watched.
  [[nodiscard]] bool is_watched(const base::OrphanExit& exit) const;

  // Reaps now whoever has ended.
  void reap() { sweep(); }

  // Called after each sweep that found somebody.
  void on_swept(std::function<void()> swept) { swept_ = std::move(swept); }

  // Somebody who wants to see orphans that have ended, while he holds this.
  class Witness {
  public:
    using OrphanEnded = std::function<void(const ProcessFacts&)>;
    Witness(Children& children, OrphanEnded orphan_ended);
    ~Witness();
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;

  private:
    friend class Children;
    Children& children_;
    OrphanEnded orphan_ended_;
  };

private:
  friend class WatchedChild;
  void child_changed();
  void has_ended(pid_t pid);
  void sweep();
  bool reap_one();
  void orphan_ended(const base::OrphanExit& exit);
  void tell_witnesses(const ProcessFacts& orphan);
  [[nodiscard]] std::optional<int> take_told(const ProcessId& id);
  void adopted_ended(const ProcessId& id);

  base::EventLoop& loop_;
  pid_t init_;
  EndedChildren ends_;
  base::FlatMap<pid_t, WatchedChild*> watched_;
  std::unordered_set<WatchedChild*> stoppable_;
  std::unordered_set<Witness*> witnesses_;
  std::function<void()> swept_;
  bool adopts_ = false;
  std::optional<base::OrphanExits> orphan_exits_;
  std::deque<base::OrphanExit> told_; // by init, and not asked for yet; the last ones
  std::deque<ProcessId> ended_;       // adopted ones whose end init has not told of yet; the last ones
  base::Timer sweep_soon_;
  ExitWatch exits_;
};

} // namespace upstart::supervisor
