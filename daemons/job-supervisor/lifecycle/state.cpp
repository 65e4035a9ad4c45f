#include "daemons/job-supervisor/lifecycle/state.hpp"

#include <array>

namespace upstart::supervisor {

namespace {

using enum State;

struct Row {
  State state;
  std::string_view name;
  State when_start; // goal start
  State when_stop;  // goal stop or respawn
};

// The table of lifecycle.md, in its order.
constexpr std::array<Row, state_count> table{{
    {waiting, "waiting", starting, waiting},
    {starting, "starting", security_spawning, stopping},
    {security_spawning, "security-spawning", security, security},
    {security, "security", pre_starting, stopping},
    {pre_starting, "pre-starting", pre_start, pre_start},
    {pre_start, "pre-start", spawning, stopping},
    {spawning, "spawning", spawned, spawned},
    {spawned, "spawned", post_starting, stopping},
    {post_starting, "post-starting", post_start, post_start},
    {post_start, "post-start", running, stopping},
    {running, "running", stopping, pre_stopping},
    {pre_stopping, "pre-stopping", pre_stop, pre_stop},
    {pre_stop, "pre-stop", running, stopping},
    {stopping, "stopping", killed, killed},
    {killed, "killed", post_stopping, post_stopping},
    {post_stopping, "post-stopping", post_stop, post_stop},
    {post_stop, "post-stop", starting, waiting},
}};

constexpr const Row& row(State state) { return table[static_cast<std::size_t>(state)]; }

static_assert([] {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].state != static_cast<State>(i)) return false;
  return true;
}());

} // namespace

std::string_view name_of(Goal goal) {
  switch (goal) {
  case Goal::stop: return "stop";
  case Goal::start: return "start";
  case Goal::respawn: return "respawn";
  }
  return "";
}

std::string_view name_of(State state) { return row(state).name; }

State next_state(State state, Goal goal, bool main_alive) {
  if (goal == Goal::start) return row(state).when_start;
  if (state == running && !main_alive) return stopping;
  return row(state).when_stop;
}

} // namespace upstart::supervisor
