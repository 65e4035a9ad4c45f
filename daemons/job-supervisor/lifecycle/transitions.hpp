// How a life moves from state to state: the part of `step` that is the same whatever happened. `Moving` is a life that
// is being stepped, together with what has to be done so far.
#pragma once

#include "daemons/job-supervisor/lifecycle/effect.hpp"

namespace upstart::supervisor {

struct Moving {
  Life& life;
  const JobClass& job_class;
  MonotonicTime now;
  Effects& effects;

  void add(Effect effect) { effects.push_back(std::move(effect)); }
};

// The goal changes, and with it whether the hook that runs is under a time limit. Nothing moves yet.
void set_goal(Moving& moving, Goal goal);
// On from the present state to where the goal leads, through all states that are passed through at once.
void advance(Moving& moving);
// The same beginning with that state.
void go_to(Moving& moving, State state);
// Spawns the process if the class has one.
void run(Moving& moving, ProcessKind process);
// It is as if alive, and is to be started.
void spawn(Moving& moving, ProcessKind process);

// What the job blocks is released, and who waits for it is answered.
void release(Moving& moving, bool failed);
// What the last stop brought is not for a later pre-stop or post-stop.
void clear_stop_environment(Life& life);
void disarm_kill_timer(Moving& moving);
// What is limited is killed no earlier than that long from now.
void put_off_kill(Moving& moving, MonotonicTime time);

// The pause before a respawn, in starting: true if there is to be one, which has begun. It ends by the kill timer, or
// when the job is not to run any more: true if it was going on.
bool begin_pause(Moving& moving);
bool end_pause(Moving& moving);

// The class has a main process that must be there while post-start or pre-stop runs, and it is not.
[[nodiscard]] bool has_lost_main(const Moving& moving);
// With goal start: a restart or respawn is under way.
[[nodiscard]] bool is_going_round(State state);

} // namespace upstart::supervisor
