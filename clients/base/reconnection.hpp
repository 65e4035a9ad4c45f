// The way back to an Upstart whose connection was lost: its daemon has died and is being started again, or its bus.
// The address stays, since init keeps the sockets; where nobody listens any more, Upstart has ended.
//
// A client gives up after `timeout` in which no connection lasted: so does one whose command kills the daemon each
// time it is given.
#pragma once

#include "clients/base/connection.hpp"
#include "clients/base/process-context.hpp"

namespace upstart::client {

class Reconnection {
public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds timeout{30};

  // Of a connection that was made just now. `context` outlives this.
  Reconnection(const ProcessContext& context) : context_{context} {}

  // The new connection to the same target; waits for it, and says so on standard error once it has waited for a second.
  // The failure says that Upstart has ended, or is not back in time.
  [[nodiscard]] std::expected<std::unique_ptr<Connection>, Failure> connect_again(const Target& target);
  // How often that has been done.
  [[nodiscard]] unsigned times() const { return times_; }

private:
  void begin();
  void pause();

  const ProcessContext& context_;
  unsigned times_ = 0;
  Clock::time_point connected_ = Clock::now();
  Clock::time_point lost_{};           // since when no connection has lasted
  std::chrono::milliseconds pause_{0}; // before the next attempt
  bool is_told_ = false;               // the user knows that this takes long
};

// The connection broke, or the daemon left the bus, while an answer was awaited: nothing is known of the call.
[[nodiscard]] bool is_lost(const sdbus::Error& error);
// What is said of such a command when the daemon does not come back.
[[nodiscard]] Failure went_away();

} // namespace upstart::client
