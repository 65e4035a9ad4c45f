// An attached handler, as the broker reaches it: by a connection, on a bus also by the unique name there.
#pragma once

#include "daemons/event-broker/shell/sender-watch.hpp"
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
  [[nodiscard]] const std::string& sender() const { return watch_.sender(); }
  // Calls Handle; `files` are those that came with the event.
  void handle(const Event& event, std::span<const base::FileDescriptor> files, bool again);

private:
  class Handler;

  SenderWatch watch_;
  std::unique_ptr<Handler> handler_;
};

} // namespace upstart::broker
