// Notices when a client of the bus leaves it. On a peer connection, where the client is the other end, there is nothing
// to watch: the connection tells.
#pragma once

#include "daemons/base/bus-connection.hpp"

namespace upstart::broker {

class SenderWatch {
public:
  // `sender`: the client's unique name on the bus; empty on a peer connection. `gone` is called once, from the loop,
  // and may destroy this. The connection must outlive this.
  SenderWatch(base::EventLoop& loop, base::BusConnection& connection, std::string sender, std::function<void()> gone);
  SenderWatch(const SenderWatch&) = delete;
  SenderWatch& operator=(const SenderWatch&) = delete;
  ~SenderWatch();

  [[nodiscard]] const std::string& sender() const { return sender_; }

private:
  void ask_whether_it_is_there();
  void left();

  base::EventLoop& loop_;
  base::BusConnection& connection_;
  std::string sender_;
  std::function<void()> gone_;
  sdbus::Slot name_watch_;
  std::unique_ptr<sd_bus_slot, decltype(&sd_bus_slot_unref)> question_{nullptr, &sd_bus_slot_unref};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace upstart::broker
