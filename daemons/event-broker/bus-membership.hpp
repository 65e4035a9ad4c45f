// Being on a bus, as far as it lies with us: connects, takes the broker's name, and after a failure or a loss tries
// again: with growing pauses, and where the bus has a path of its own as soon as that appears. Says what is wrong once,
// not at each attempt.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/base/delayed-warning.hpp"
#include "daemons/base/files/path-watch.hpp"

namespace upstart::broker {

class BusMembership {
public:
  using Joined = std::function<void(std::unique_ptr<base::BusConnection>)>;

  BusMembership(base::EventLoop& loop, std::string address);

  void on_joined(Joined joined) { joined_ = std::move(joined); }
  [[nodiscard]] const std::string& address() const { return address_; }
  // Tries now, unless it is there or on its way.
  void join();
  // The connection that was handed to `joined` is no more.
  void lost();

private:
  void answered(std::expected<std::unique_ptr<base::BusConnection>, std::string> outcome);
  void try_later();
  void path_appeared();
  void take_name(sd_bus* bus);

  base::EventLoop& loop_;
  std::string address_;
  Joined joined_;
  std::unique_ptr<base::Handshake> handshake_;
  base::Timer retry_;
  std::unique_ptr<base::PathWatch> watch_;
  std::chrono::milliseconds pause_;
  base::DelayedWarning warning_;
  bool is_member_ = false;
};

} // namespace upstart::broker
