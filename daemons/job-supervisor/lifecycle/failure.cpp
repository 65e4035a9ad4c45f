#include "daemons/job-supervisor/lifecycle/failure.hpp"

#include <sys/wait.h>

#include <algorithm>

namespace upstart::supervisor {

namespace {

bool is_normal_exit(const JobClass& job_class, int wait_status) {
  bool signal = WIFSIGNALED(wait_status);
  NormalExit end{.number = signal ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status), .signal = signal};
  return std::ranges::contains(job_class.normal_exits, end);
}

} // namespace

int failed_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) << 8 : WEXITSTATUS(wait_status);
}

bool is_failure(const JobClass& job_class, int wait_status) {
  bool ended_well = wait_status == 0 && !(job_class.respawn && !job_class.task);
  return !ended_well && !is_normal_exit(job_class, wait_status);
}

} // namespace upstart::supervisor
