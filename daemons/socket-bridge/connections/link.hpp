// A connection that comes back: connects to an address, and when that fails or the other end goes away tries again
// after growing pauses, for ever. The supervisor, the broker and the bus are each one of these.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/base/delayed-warning.hpp"
#include "daemons/socket-bridge/core/growing-pause.hpp"

#include <functional>
#include <memory>
#include <string>

namespace upstart::socket_bridge {

class Link {
public:
  struct Kind {
    std::string name; // as messages call it
    std::unique_ptr<base::Handshake> (*connect)(base::EventLoop&, const std::string&, base::Handshake::Done);
  };

  // `connected` may register objects on the connection; `disconnected` destroys them, before the connection goes.
  Link(base::EventLoop& loop, Kind kind, std::function<void(base::BusConnection&)> connected,
       std::function<void()> disconnected);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  // Connects, if it is not connected or about to be.
  void connect_to(const std::string& address);
  // Tries now instead of after the pause; does nothing while connected.
  void hurry();
  [[nodiscard]] bool has_address() const { return !address_.empty(); }

private:
  void connect();
  void handshake_done(std::expected<std::unique_ptr<base::BusConnection>, std::string> outcome);
  void lost();
  void connect_later(const std::string& why);

  base::EventLoop& loop_;
  Kind kind_;
  std::function<void(base::BusConnection&)> connected_;
  std::function<void()> disconnected_;
  std::string address_;
  std::unique_ptr<base::Handshake> handshake_;
  std::unique_ptr<base::BusConnection> connection_;
  GrowingPause pause_;
  base::Timer again_;
  base::DelayedWarning warning_;
};

} // namespace upstart::socket_bridge
