// A process by a descriptor that means it and no other, or, while none is to be had (too many files are open), by its
// number and the time at which it was started.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <csignal>
#include <sys/types.h>

namespace upstart::supervisor {

class ProcessHandle {
public:
  // Takes over the pidfd, which may be empty. `is_child`: of this process, which has not reaped it.
  ProcessHandle(const ProcessId& id, base::FileDescriptor pidfd, bool is_child);

  [[nodiscard]] const ProcessId& id() const { return id_; }
  // -1: there is none yet.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  // Gets a pidfd where there is none. The error is errno; 0: there is one; ESRCH: the process has gone. What has its
  // number and was not started then is another process.
  int open();
  // It has not been reaped.
  [[nodiscard]] bool exists() const;
  // False also where that cannot be seen at the moment.
  [[nodiscard]] bool has_ended() const;
  // As far as is known.
  [[nodiscard]] bool is_child() const { return is_child_; }
  // Of a child of this process that has ended with this number: it may be another one, which got the number when this
  // process had gone.
  [[nodiscard]] bool is_ended_child();
  // waitid(2), without waiting. ECHILD where it is not known as a child.
  int wait(siginfo_t& info, int options) const;
  void signal(int signal_number) const;

private:
  ProcessId id_;
  base::FileDescriptor pidfd_;
  bool is_child_;
};

} // namespace upstart::supervisor
