#include "daemons/socket-bridge/core/served-socket.hpp"

#include <utility>

namespace upstart::socket_bridge {

ServedSocket::State ServedSocket::state() const {
  if (!opening_.done) return opening_.failure.empty() ? State::opening : State::failed;
  if (held_) return State::handed_over;
  if (event_on_its_way_) return State::starting;
  return rest_.resting ? State::resting : State::listening;
}

std::string ServedSocket::text() const {
  switch (state()) {
  case State::opening: return "failed: not yet opened";
  case State::failed: return "failed: " + opening_.failure;
  case State::listening: return "listening";
  case State::starting: return "starting";
  case State::handed_over: return "handed-over";
  case State::resting: return "resting";
  }
  return {};
}

std::optional<Time> ServedSocket::due() const {
  if (opening_.again) return opening_.again;
  if (rest_.resting) return rest_.not_before;
  return std::nullopt;
}

void ServedSocket::opened() { opening_ = {.done = true, .failure = {}, .again = {}}; }

void ServedSocket::could_not_be_opened(std::string reason, Time now) {
  opening_.done = false;
  opening_.failure = std::move(reason);
  opening_.again = now + opening_.pause.next();
}

void ServedSocket::lost() { opening_.done = false; }

bool ServedSocket::client_came(std::optional<unsigned> waiting, Time now) {
  bool some_were_accepted = waiting && waiting_ && *waiting < *waiting_;
  if (some_were_accepted || now >= rest_.not_before + quiet) rest_ = {};
  if (now < rest_.not_before) {
    rest_.resting = true;
    return false;
  }
  waiting_ = waiting;
  return true;
}

void ServedSocket::event_emitted(Time now) {
  event_on_its_way_ = true;
  attempt_ = {.began = now, .taken = held_};
}

void ServedSocket::event_finished(bool failed, Time now) {
  event_on_its_way_ = false;
  if (attempt_) attempt_->failed = failed;
  if (!held_) end_attempt(now);
}

void ServedSocket::set_held(bool held, Time now) {
  held_ = held;
  if (held && attempt_) attempt_->taken = true;
  if (!held && !event_on_its_way_) end_attempt(now);
}

void ServedSocket::end_attempt(Time now) {
  auto attempt = std::exchange(attempt_, std::nullopt);
  if (!attempt) return;
  rest_.not_before = now;
  if (attempt->failed || !attempt->taken) {
    rest_.not_before += rest_.pause.next();
  } else if (now - attempt->began >= brief) {
    rest_ = {};
  } else if (++rest_.brief_attempts > brief_in_a_row) {
    rest_.not_before += rest_.pause.next();
  }
}

bool ServedSocket::time_reached(Time now) {
  if (now >= rest_.not_before) rest_.resting = false;
  if (!opening_.again || now < *opening_.again) return false;
  opening_.again.reset();
  return true;
}

} // namespace upstart::socket_bridge
