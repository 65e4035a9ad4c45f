// The state of one socket. Once open it goes through: listening → (a client comes) starting → handed-over while any
// instance of its jobs has it → listening. At most one of its events is on its way at a time, however many clients
// come.
//
// An attempt runs from the event to the moment when it has finished and no holder is active. Where it failed, or no job
// took the socket, a client that still waits must not start the next attempt at once: the socket rests, longer each
// time. So it does when many attempts in a row succeeded but were over quickly with a client left over, which is how a
// service looks that dies before it accepts. These failures are forgotten when a client comes to a socket that has had
// none for a while, and when the backlog has become shorter, for then whoever had the socket did accept.
//
// Pure: time comes as an argument, and what is to be done is read from `state` and `due`.
#pragma once

#include "daemons/base/values/growing-pause.hpp"
#include "daemons/socket-bridge/core/deadlines.hpp"

#include <optional>
#include <string>

namespace upstart::socket_bridge {

class ServedSocket {
public:
  enum class State { opening, failed, listening, starting, handed_over, resting };

  [[nodiscard]] State state() const;
  // As SocketBridge1 has it: "listening", …, "failed: REASON".
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_open() const { return opening_.done; }
  [[nodiscard]] bool event_on_its_way() const { return event_on_its_way_; }
  // When `time_reached` is wanted.
  [[nodiscard]] std::optional<Time> due() const;

  void opened();
  void could_not_be_opened(std::string reason, Time now);
  // It no longer listens, or its file is another one: to be opened again.
  void lost();

  // Clients are there, so many if that is known. True: emit the event; false: too early, it rests.
  [[nodiscard]] bool client_came(std::optional<unsigned> waiting, Time now);
  void event_emitted(Time now);
  void event_finished(bool failed, Time now);
  // Whether any instance has this socket, or is about to get it.
  void set_held(bool held, Time now);

  // True: open it (again).
  [[nodiscard]] bool time_reached(Time now);

  static constexpr base::PauseRange pauses{Time{100}, Time{10'000}}; // before it is opened again, and of rests
  static constexpr Time brief{1000};        // an attempt that is over sooner may have died before it accepted
  static constexpr int brief_in_a_row = 10; // so many are allowed, as respawn's limit does
  static constexpr Time quiet{250};         // watched for so long without a client: none was left over

private:
  struct Opening {
    bool done = false;
    std::string failure;
    std::optional<Time> again; // when it is to be tried again
    base::GrowingPause pause{pauses};
  };
  struct Attempt {
    Time began{};
    bool taken = false;  // some holder was active
    bool failed = false; // its event failed
  };
  struct Rest {
    Time not_before{};    // the end of the last attempt, and of the rest after it
    bool resting = false; // a client came before that
    int brief_attempts = 0;
    base::GrowingPause pause{pauses};
  };

  void end_attempt(Time now);

  Opening opening_;
  bool event_on_its_way_ = false;
  bool held_ = false;
  std::optional<Attempt> attempt_;
  std::optional<unsigned> waiting_; // clients, when the last attempt began
  Rest rest_;
};

} // namespace upstart::socket_bridge
