// What the end of a process means for its job: the part of `step` that judges (lifecycle.md, "When a process ends").
#pragma once

#include "daemons/job-supervisor/lifecycle/transitions.hpp"

namespace upstart::supervisor {

void process_ended(Moving& moving, ProcessKind process, int wait_status);
// It could not be forked or executed.
void process_not_executed(Moving& moving, ProcessKind process, const std::string& reason);
// What the state waits for has had its time.
void kill_awaited_process(Moving& moving);

} // namespace upstart::supervisor
