// How ready the kernel is to kill this process when memory runs out (oom_score_adj). The daemons that all others depend
// on are spared for as long as anything else is left to kill; what they start is not.
#pragma once

#include <string>

#include <sys/types.h>

namespace upstart::base {

// Makes this process one of the last to be killed, where that is permitted; elsewhere changes nothing.
void avoid_oom_killer();

// What a child of this process is to have in its /proc/self/oom_score_adj instead of inheriting it: the value that this
// process was started with. Empty: nothing was changed.
[[nodiscard]] const std::string& ordinary_oom_score();

// Gives that value to a child that has just left the memory of this process by executing a program; it could not take
// it before, as the kernel gives all that share a memory one value. Nothing where nothing was changed.
void give_ordinary_oom_score(pid_t child);

} // namespace upstart::base
