#include "daemons/socket-bridge/core/served-socket.hpp"

#include <doctest/doctest.h>

using namespace upstart::socket_bridge;
using namespace std::chrono_literals;
using State = ServedSocket::State;

namespace {

constexpr Time start = 1h; // the clock does not begin at zero

ServedSocket listening_socket() {
  ServedSocket socket;
  socket.opened();
  return socket;
}

// A client comes, and the event fails after a moment; true if the event was emitted.
bool failed_attempt(ServedSocket& socket, Time now) {
  if (!socket.client_came({}, now)) return false;
  socket.event_emitted(now);
  socket.event_finished(true, now);
  return true;
}

// A client comes, a job takes the socket and is over after `length`; true if the event was emitted.
bool taken_for(ServedSocket& socket, Time now, Time length) {
  if (!socket.client_came({}, now)) return false;
  socket.event_emitted(now);
  socket.set_held(true, now);
  socket.event_finished(false, now);
  socket.set_held(false, now + length);
  return true;
}

} // namespace

TEST_CASE("a socket goes through its states: listening, starting, handed over, listening") {
  auto socket = listening_socket();
  CHECK(socket.text() == "listening");
  CHECK(socket.client_came({}, start));
  socket.event_emitted(start);
  CHECK(socket.text() == "starting");
  socket.set_held(true, start);
  CHECK(socket.text() == "handed-over");
  socket.event_finished(false, start);
  CHECK(socket.text() == "handed-over");
  socket.set_held(false, start + 1min);
  CHECK(socket.text() == "listening");
  CHECK_FALSE(socket.due());
}

TEST_CASE("a job that was active and is not any more, while its event is on its way, leaves the socket starting") {
  auto socket = listening_socket();
  CHECK(socket.client_came({}, start));
  socket.event_emitted(start);
  socket.set_held(true, start);
  socket.set_held(false, start);
  CHECK(socket.state() == State::starting);
  socket.event_finished(true, start);
  CHECK_FALSE(socket.client_came({}, start));
}

TEST_CASE("a socket whose event failed rests while the client is still there, then tries again") {
  auto socket = listening_socket();
  CHECK(failed_attempt(socket, start));
  CHECK(socket.state() == State::listening);
  CHECK_FALSE(socket.client_came({}, start));
  CHECK(socket.text() == "resting");
  REQUIRE(socket.due() == start + 100ms);
  CHECK_FALSE(socket.time_reached(start + 100ms));
  CHECK(socket.state() == State::listening);
  CHECK(socket.client_came({}, start + 100ms));
}

TEST_CASE("an event that finished well with nobody taking the socket is a failure too") {
  auto socket = listening_socket();
  CHECK(socket.client_came({}, start));
  socket.event_emitted(start);
  socket.event_finished(false, start);
  CHECK_FALSE(socket.client_came({}, start));
  CHECK(socket.text() == "resting");
}

TEST_CASE("rests grow to ten seconds, and a client that comes to a quiet socket ends that") {
  auto socket = listening_socket();
  Time now = start;
  for (Time expected : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10000ms, 10000ms}) {
    CHECK(failed_attempt(socket, now));
    CHECK_FALSE(socket.client_came({}, now));
    REQUIRE(socket.due() == now + expected);
    now += expected;
    CHECK_FALSE(socket.time_reached(now));
  }
  CHECK(failed_attempt(socket, now));
  now += 20s; // the client has gone; another one comes
  CHECK(failed_attempt(socket, now));
  CHECK_FALSE(socket.client_came({}, now));
  CHECK(socket.due() == now + 100ms);
}

TEST_CASE("a job that serves for a while ends the growth of rests") {
  auto socket = listening_socket();
  CHECK(failed_attempt(socket, start));
  CHECK(failed_attempt(socket, start + 100ms));
  CHECK(taken_for(socket, start + 300ms, 2s));
  CHECK(failed_attempt(socket, start + 2300ms));
  CHECK_FALSE(socket.client_came({}, start + 2300ms));
  CHECK(socket.due() == start + 2400ms);
}

TEST_CASE("short jobs follow each other at once, but not for ever while a client is left over each time") {
  auto socket = listening_socket();
  Time now = start;
  for (int i = 0; i <= ServedSocket::brief_in_a_row; ++i) {
    CHECK(taken_for(socket, now, 5ms));
    now += 5ms;
  }
  CHECK_FALSE(socket.client_came({}, now));
  CHECK(socket.text() == "resting");
}

TEST_CASE("short jobs that leave no client over never make the socket rest") {
  auto socket = listening_socket();
  Time now = start;
  for (int i = 0; i < 100; ++i) {
    CHECK(taken_for(socket, now, 5ms));
    now += 300ms;
  }
}

TEST_CASE("a socket whose backlog became shorter never rests, however short its jobs and whether they fail or not") {
  auto socket = listening_socket();
  for (unsigned waiting = 100; waiting > 0; --waiting) {
    CHECK(socket.client_came(waiting, start));
    socket.event_emitted(start);
    socket.set_held(true, start);
    socket.event_finished(waiting % 2 == 0, start);
    socket.set_held(false, start);
  }
}

TEST_CASE("a socket whose backlog did not become shorter rests") {
  auto socket = listening_socket();
  CHECK(socket.client_came(2, start));
  socket.event_emitted(start);
  socket.event_finished(true, start);
  CHECK_FALSE(socket.client_came(2, start));
  CHECK_FALSE(socket.client_came(3, start));
  CHECK(socket.client_came(1, start));
}

TEST_CASE("a socket that cannot be opened says why and is tried again after growing pauses") {
  ServedSocket socket;
  socket.could_not_be_opened("in use", start);
  CHECK(socket.text() == "failed: in use");
  REQUIRE(socket.due() == start + 100ms);
  CHECK_FALSE(socket.time_reached(start + 99ms));
  CHECK(socket.time_reached(start + 100ms));
  socket.could_not_be_opened("in use", start + 100ms);
  CHECK(socket.due() == start + 300ms);
  CHECK(socket.time_reached(start + 300ms));
  socket.opened();
  CHECK(socket.text() == "listening");
  CHECK_FALSE(socket.due());
}

TEST_CASE("a job that was started otherwise holds the socket too, and its end is no failed attempt") {
  auto socket = listening_socket();
  socket.set_held(true, start);
  CHECK(socket.text() == "handed-over");
  socket.set_held(false, start);
  CHECK(socket.client_came({}, start));
}
