// A D-Bus connection that comes back: to another daemon's socket or to a bus. It connects on the loop, and when that
// fails or the other end goes away tries again after growing pauses, for ever; a failure that lasts is warned about
// once. On a bus it can also take a well-known name, without waiting for the bus.
//
// Invariant: at most one of a connection, an attempt under way and a pause is there; without an address, or after
// `disconnect`, none. `connected` and `lost` alternate, beginning with `connected`, and come from the loop.
//
// The owner registers its proxies and objects on the connection in `connected` and destroys them in `lost`, before the
// connection goes. At destruction and at `disconnect` nothing is told: whatever was registered must be destroyed
// before, which it is when it is declared after the ReconnectingConnection.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/base/delayed-warning.hpp"
#include "daemons/base/path-watch.hpp"
#include "daemons/base/values/growing-pause.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace upstart::base {

class ReconnectingConnection {
public:
  enum class Kind {
    peer, // another daemon's socket
    bus,  // a bus daemon
  };
  // What became of the wish for a name on a bus.
  enum class NameOutcome {
    owned,
    queued,  // it belongs to another process, and to this one when that leaves
    taken,   // it belongs to another process
    refused, // the bus says no
  };
  struct Settings {
    Kind kind = Kind::peer;
    std::string other_end; // as messages call it: "event broker", "bus"
    PauseRange pauses{std::chrono::milliseconds{100}, std::chrono::milliseconds{10'000}};
    std::string name{};      // to be taken on the bus, each time; empty: none
    bool name_queue = false; // to wait in line for it
    // Try at once when the path of the address appears; meanwhile rarely or not at all. For an address that may be
    // there only long after this process has started.
    bool watch_path = false;
  };
  struct Events {
    std::function<void(BusConnection&)> connected;
    std::function<void()> lost = [] {};
    // An attempt has failed, and `why`; the next one follows after a pause.
    std::function<void(const std::string& why)> attempt_failed = {};
    // Once for each connection to a bus on which a name was wished for, and for each `ask_for_name`. `why` is the bus's
    // reason, or empty.
    std::function<void(NameOutcome, const std::string& why)> name_answered = {};
  };

  // Does nothing until `connect_to`.
  ReconnectingConnection(EventLoop& loop, Settings settings, Events events);
  ReconnectingConnection(const ReconnectingConnection&) = delete;
  ReconnectingConnection& operator=(const ReconnectingConnection&) = delete;
  ~ReconnectingConnection() = default;

  // Connects to this D-Bus address from now on. While there is a connection it stays, whatever its address; an attempt
  // under way at the same address goes on, at another address it is given up.
  void connect_to(const std::string& address);
  // Tries at once instead of after the pause, anew if an attempt is under way. Nothing while connected, or without an
  // address.
  void connect_now();
  // Hangs up and forgets the address.
  void disconnect();
  // Asks once more for the name that was wished for, which is answered once more: it may have come meanwhile to one who
  // waited in line. Nothing while there is no connection.
  void ask_for_name();
  // Waits in line no longer.
  void give_up_name();

  // Nothing while there is none. It stays where it is until `lost`.
  [[nodiscard]] BusConnection* connection() { return connection_.get(); }
  [[nodiscard]] const std::string& address() const { return address_; }

private:
  void attempt();
  void attempted(std::expected<std::unique_ptr<BusConnection>, std::string> outcome);
  void tell_connected();
  void hung_up();
  void try_later(const std::string& why);
  void watch_for_path();
  void name_answered(NameOutcome outcome, const std::string& why);

  EventLoop& loop_;
  Settings settings_;
  Events events_;
  std::string address_;
  GrowingPause pause_;
  Timer retry_;
  DelayedWarning warning_;
  std::unique_ptr<PathWatch> path_watch_;
  std::unique_ptr<Handshake> handshake_;
  std::unique_ptr<BusConnection> connection_;
};

} // namespace upstart::base
