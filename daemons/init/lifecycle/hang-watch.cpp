#include "daemons/init/lifecycle/hang-watch.hpp"

#include <csignal>

namespace upstart::init {

HangWatch::Step HangWatch::enter(State state, Step step) {
  state_ = state;
  return step;
}

HangWatch::Answer HangWatch::sign(Time period) {
  if (is_being_ended()) return std::nullopt;
  active_ = true;
  period_ = period;
  return enter(State::watched, {.wait = period});
}

HangWatch::Answer HangWatch::rest() {
  if (is_being_ended()) return std::nullopt;
  active_ = false;
  return enter(State::resting, {});
}

HangWatch::Answer HangWatch::stopped() {
  if (is_being_ended()) return std::nullopt;
  return enter(State::stopped, {.wait = stop_grace});
}

HangWatch::Answer HangWatch::continued() {
  if (is_being_ended()) return std::nullopt;
  return active_ ? enter(State::watched, {.wait = period_}) : enter(State::resting, {});
}

HangWatch::Answer HangWatch::time_over() {
  switch (state_) {
  case State::watched: return enter(State::doubted, {.wait = period_ / 4});
  case State::doubted: return enter(State::aborted, {.finding = Finding::silent, .signal = SIGABRT, .wait = end_grace});
  case State::aborted: return enter(State::killed, {.finding = Finding::still_silent, .signal = SIGKILL});
  case State::stopped:
    return enter(State::resumed, {.finding = Finding::stopped, .signal = SIGCONT, .wait = end_grace});
  case State::resumed: return enter(State::killed, {.finding = Finding::still_stopped, .signal = SIGKILL});
  case State::resting:
  case State::killed: break;
  }
  return std::nullopt;
}

HangWatch::Answer HangWatch::ended() {
  *this = {};
  return Step{};
}

} // namespace upstart::init
