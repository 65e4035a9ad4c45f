// Where an attached handler is: a connection, on a bus also the unique name there. Notices when it leaves the bus.
#pragma once

#include "daemons/event-broker/link.hpp"
#include "generated/EventHandler1-proxy.hpp"

namespace upstart::broker {

class Endpoint {
public:
  // `gone` is called from the loop when the handler has left the bus.
  Endpoint(base::EventLoop& loop, Link& link, std::string sender, std::function<void()> gone);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint();

  [[nodiscard]] Link& link() { return link_; }
  // Empty on a peer connection.
  [[nodiscard]] const std::string& sender() const { return sender_; }
  void handle(const Event& event, std::span<const base::FileDescriptor> files, bool again);

private:
  class Handler;

  void watch();
  void ask_whether_it_is_there();
  void left();

  base::EventLoop& loop_;
  Link& link_;
  std::string sender_;
  std::function<void()> gone_;
  std::unique_ptr<Handler> handler_;
  sdbus::Slot name_watch_;
  std::unique_ptr<sd_bus_slot, decltype(&sd_bus_slot_unref)> question_{nullptr, &sd_bus_slot_unref};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace upstart::broker
