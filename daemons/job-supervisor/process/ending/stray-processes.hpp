// Ends the stray processes of jobs, those that live on without being watched, where there are no control groups: the
// jobs' orphans and all who descend from them. One look at the supervisor's children serves all jobs that ask for it at
// the same time. It is repeated until two looks find nothing, or some time has passed: a process may fork, exec and end
// between two looks.
#pragma once

#include "daemons/job-supervisor/process/groups/end-scope.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace upstart::supervisor {

class StrayProcesses {
public:
  // From the loop, once: none is left. `remaining` are those that do not end with the job.
  using NoneLeft = std::function<void(std::vector<pid_t> remaining)>;

  // `path`: the file in which those that are to be killed are kept for the next supervisor; empty: nowhere.
  StrayProcesses(Children& children, std::string path);
  // Goes on with those whom an earlier supervisor was to kill, at once or later.
  void recover();
  // What was started until now and belongs to these, those in their control group excepted. Kept for the next
  // supervisor when this returns.
  void kill(JobMembers members, EndScope scope);
  // The same, with what is started until `none_left` is called.
  void kill_all(JobMembers members, EndScope scope, NoneLeft none_left);
  // The same as kill, and all of their control group, when `grace` has passed.
  void kill_later(JobMembers members, EndScope scope, std::chrono::milliseconds grace);
  // At once, for the last time.
  void finish();

private:
  using Clock = std::chrono::steady_clock;
  struct Request {
    JobMembers members;
    EndScope scope;
    std::uint64_t asked; // ticks since boot
    Clock::time_point until;
    NoneLeft none_left{};           // not called yet
    std::vector<pid_t> remaining{}; // as of the last look
    bool found = false;             // in the last look: somebody to be killed, or who cannot be told yet
    int in_vain = 0;                // looks that found nobody, since the last that did
    bool kept = false;              // for the next supervisor
  };
  struct Deadline {
    Clock::time_point when;
    Request request;
  };
  void keep_for_next_supervisor() const;
  [[nodiscard]] static Request make_request(JobMembers members, EndScope scope);
  void look();
  void pass_deadlines(Clock::time_point now);
  void kill_orphans();
  void consider(Request& request, const ProcessFacts& orphan) const;
  [[nodiscard]] std::vector<Request> take_finished();

  Children& children_;
  std::string path_;
  std::vector<Request> requests_;
  std::vector<Deadline> deadlines_;
  base::Timer timer_;
  base::Timer next_deadline_;
};

} // namespace upstart::supervisor
