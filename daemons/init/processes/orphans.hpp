// Processes that became children of init when their parent died: what a supervisor that crashed leaves behind. At the
// end they are ended by signal, each once for each kind of signal, until none is left.
#pragma once

#include <sys/types.h>

#include <set>
#include <vector>

namespace upstart::init {

// The children of this process, also those that have ended and were not waited for yet.
[[nodiscard]] std::vector<pid_t> children();

class Orphans {
public:
  // From now on every one is to get this signal.
  void end_with(int signal);
  // Sends it to those that have not got it yet, all children but these. True when there is nobody left.
  bool signal_all_but(const std::set<pid_t>& daemons);

private:
  int signal_ = 0;
  std::set<pid_t> told_;
};

} // namespace upstart::init
