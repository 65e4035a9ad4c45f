#include "daemons/socket-bridge/core/served-socket.hpp"

#include <utility>

namespace upstart::socket_bridge {

ServedSocket::State ServedSocket::state() const {
  if (!open_) return failure_.empty() ? State::opening : State::failed;
  if (held_) return State::handed_over;
  if (event_on_its_way_) return State::starting;
  return resting_ ? State::resting : State::listening;
}

std::string ServedSocket::text() const {
  switch (state()) {
  case State::opening: return "failed: not yet opened";
  case State::failed: return "failed: " + failure_;
  case State::listening: return "listening";
  case State::starting: return "starting";
  case State::handed_over: return "handed-over";
  case State::resting: return "resting";
  }
  return {};
}

std::optional<Time> ServedSocket::due() const {
  if (open_again_) return open_again_;
  if (resting_) return not_before_;
  return std::nullopt;
}

void ServedSocket::opened() {
  open_ = true;
  failure_.clear();
  open_again_.reset();
  open_pause_.reset();
}

void ServedSocket::could_not_be_opened(std::string reason, Time now) {
  open_ = false;
  failure_ = std::move(reason);
  open_again_ = now + open_pause_.next();
}

void ServedSocket::lost() { open_ = false; }

bool ServedSocket::client_came(std::optional<unsigned> waiting, Time now) {
  bool some_were_accepted = waiting && waiting_ && *waiting < *waiting_;
  if (some_were_accepted || now >= not_before_ + quiet) forget_failures();
  if (now < not_before_) {
    resting_ = true;
    return false;
  }
  waiting_ = waiting;
  return true;
}

void ServedSocket::forget_failures() {
  rest_pause_.reset();
  brief_attempts_ = 0;
  not_before_ = {};
  resting_ = false;
}

void ServedSocket::event_emitted(Time now) {
  event_on_its_way_ = true;
  attempting_ = true;
  taken_ = held_;
  failed_ = false;
  began_ = now;
}

void ServedSocket::event_finished(bool failed, Time now) {
  event_on_its_way_ = false;
  failed_ = failed;
  if (!held_) end_attempt(now);
}

void ServedSocket::set_held(bool held, Time now) {
  held_ = held;
  if (held) taken_ = true;
  else if (!event_on_its_way_) end_attempt(now);
}

void ServedSocket::end_attempt(Time now) {
  if (!std::exchange(attempting_, false)) return;
  not_before_ = now;
  if (failed_ || !taken_) {
    not_before_ += rest_pause_.next();
  } else if (now - began_ >= brief) {
    forget_failures();
  } else if (++brief_attempts_ > brief_in_a_row) {
    not_before_ += rest_pause_.next();
  }
}

bool ServedSocket::time_reached(Time now) {
  if (now >= not_before_) resting_ = false;
  if (!open_again_ || now < *open_again_) return false;
  open_again_.reset();
  return true;
}

} // namespace upstart::socket_bridge
