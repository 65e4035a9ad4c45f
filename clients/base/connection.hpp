// The one connection of a client to the Upstart that it talks to, made once and kept until the client ends.
#pragma once

#include "clients/base/target.hpp"

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <chrono>
#include <memory>

namespace upstart::client {

// Whether somebody listens at a D-Bus address, of a Unix socket root or this user; assumes so of one that is no Unix
// socket.
[[nodiscard]] bool is_listening(const std::string& address);

// The two halves of an sdbus-c++ connection on an sd_bus whose handle is kept, for waiting on it.
class Connection {
public:
  // Waits as long as it takes for a daemon that is about to accept, then this long for its handshake. The failure says
  // where it was tried and why not.
  [[nodiscard]] static std::expected<std::unique_ptr<Connection>, Failure>
  open(const Target& target, std::chrono::milliseconds handshake_time = std::chrono::seconds{25});

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] sdbus::IConnection& sdbus() { return *connection_; }
  [[nodiscard]] sdbus::ServiceName destination() const { return sdbus::ServiceName{target_.destination}; }
  [[nodiscard]] const Target& target() const { return target_; }
  // Handles one message, waiting for it; throws sdbus::Error when the other end has gone.
  void handle_message();
  // The same, waiting for it at most so long; false: none came.
  [[nodiscard]] bool handle_message(std::chrono::milliseconds limit);
  // The descriptor to wait on besides others; then `handle_pending`.
  [[nodiscard]] int descriptor() const;
  void handle_pending();

private:
  Connection(Target target, sd_bus* bus);

  Target target_;
  sd_bus* bus_;
  std::unique_ptr<sdbus::IConnection> connection_;
};

} // namespace upstart::client
