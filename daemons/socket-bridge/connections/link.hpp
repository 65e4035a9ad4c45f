// A connection that comes back: connects to an address, and when that fails or the other end goes away tries again after
// growing pauses, for ever. The supervisor, the broker and the bus are each one of these.
#pragma once

#include "daemons/socket-bridge/growing-pause.hpp"
#include "protocol/bus-connection.hpp"
#include "protocol/complaint.hpp"

#include <functional>
#include <memory>
#include <string>

namespace upstart::bridge {

class Link {
public:
  struct Kind {
    std::string name; // as messages call it
    std::unique_ptr<protocol::Greeting> (*connect)(protocol::EventLoop&, const std::string&, protocol::Greeting::Done);
  };

  // `connected` may register objects on the connection; `disconnected` destroys them, before the connection goes.
  Link(protocol::EventLoop& loop, Kind kind, std::function<void(protocol::BusConnection&)> connected, std::function<void()> disconnected);
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
  void greeted(std::expected<std::unique_ptr<protocol::BusConnection>, std::string> outcome);
  void lost();
  void connect_later(const std::string& why);

  protocol::EventLoop& loop_;
  Kind kind_;
  std::function<void(protocol::BusConnection&)> connected_;
  std::function<void()> disconnected_;
  std::string address_;
  std::unique_ptr<protocol::Greeting> greeting_;
  std::unique_ptr<protocol::BusConnection> connection_;
  GrowingPause pause_;
  protocol::Timer again_;
  protocol::Complaint complaint_;
};

} // namespace upstart::bridge
