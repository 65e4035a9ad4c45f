// Whether one daemon hangs, and what to do about it, as data. A daemon that is active gives signs of life; one that has
// told that it rests gives none and is not waited for. Told of signs, stops and the passing of time, it answers with
// what to send and how long to wait then.
//
//   resting ──sign──► watched ──period──► doubted ──a quarter more──► aborted (SIGABRT) ──2 s──► killed (SIGKILL)
//   any of the first three ──stopped──► stopped ──2 s──► resumed (SIGCONT) ──2 s──► killed
//
// `doubted` is there for a clock that has jumped ahead, as after the machine slept: the daemon gets time to be
// scheduled.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

namespace upstart::init {

class HangWatch {
public:
  using Time = std::chrono::microseconds;
  static constexpr Time stop_grace = std::chrono::seconds{2}; // whoever stopped it may have meant to, for a moment
  static constexpr Time end_grace = std::chrono::seconds{2};

  enum class Finding { none, silent, still_silent, stopped, still_stopped };
  struct Step {
    Finding finding = Finding::none; // to be logged
    std::optional<int> signal{};     // to send
    std::optional<Time> wait{};      // then tell `time_over`; nothing: no waiting
    friend bool operator==(const Step&, const Step&) = default;
  };

  // Each answers nothing where all stays as it is, the waiting too.
  using Answer = std::optional<Step>;

  // WATCHDOG=1. `period`: within which the next is due.
  [[nodiscard]] Answer sign(Time period);
  // WATCHDOG_USEC=0: none will come until the next `sign`.
  [[nodiscard]] Answer rest();
  // It was stopped by a signal; it goes on.
  [[nodiscard]] Answer stopped();
  [[nodiscard]] Answer continued();
  [[nodiscard]] Answer time_over();
  // It has ended, or is to end in any case: from now on nothing is to be done until the next `sign`.
  [[nodiscard]] Answer ended();

private:
  enum class State { resting, watched, doubted, stopped, resumed, aborted, killed };
  [[nodiscard]] bool is_being_ended() const { return state_ == State::aborted || state_ == State::killed; }
  Step enter(State state, Step step);

  State state_ = State::resting;
  bool active_ = false; // as far as it has told
  Time period_{0};
};

} // namespace upstart::init
