// An attached handler, as the broker reaches it: by a connection, on a bus also by the unique name there. Notices when
// it leaves the bus.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/event-broker/values/event.hpp"
#include "generated/EventHandler1-proxy.hpp"

#include <span>

namespace upstart::broker {

class Subscriber {
public:
  // `gone` is called once, from the loop, when the handler has left the bus. The connection must outlive this.
  Subscriber(base::EventLoop& loop, base::BusConnection& connection, std::string sender, std::function<void()> gone);
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber();

  // Empty on a peer connection.
  [[nodiscard]] const std::string& sender() const { return sender_; }
  // Calls Handle; `files` are those that came with the event.
  void handle(const Event& event, std::span<const base::FileDescriptor> files, bool again);

private:
  class Handler;

  void watch();
  void ask_whether_it_is_there();
  void left();

  base::EventLoop& loop_;
  base::BusConnection& connection_;
  std::string sender_;
  std::function<void()> gone_;
  std::unique_ptr<Handler> handler_;
  sdbus::Slot name_watch_;
  std::unique_ptr<sd_bus_slot, decltype(&sd_bus_slot_unref)> question_{nullptr, &sd_bus_slot_unref};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace upstart::broker
