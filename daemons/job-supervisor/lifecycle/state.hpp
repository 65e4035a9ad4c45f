// The goals and states of a job (lifecycle.md), with the names that D-Bus and initctl show.
#pragma once

#include <cstdint>
#include <string_view>

namespace upstart::supervisor {

enum class Goal : std::uint8_t { stop, start, respawn };

enum class State : std::uint8_t {
  waiting,
  starting,
  security_spawning,
  security,
  pre_starting,
  pre_start,
  spawning,
  spawned,
  post_starting,
  post_start,
  running,
  pre_stopping,
  pre_stop,
  stopping,
  killed,
  post_stopping,
  post_stop,
};
inline constexpr std::size_t state_count = 17;

[[nodiscard]] std::string_view name_of(Goal goal);
[[nodiscard]] std::string_view name_of(State state);

// Where a job goes when it is done with a state, by its goal; `main_alive` matters only when leaving running. Goal
// respawn is like stop, but turns to start on the way. Waiting with goal stop stays.
[[nodiscard]] State next_state(State state, Goal goal, bool main_alive);

} // namespace upstart::supervisor
