// A connection that the broker is served on: that of a peer, or a bus with many clients. It holds the broker's object
// there, and an outbox: what has to be sent waits in it until the message at hand is answered, and for as long as the
// other end does not read, so that a slow reader delays nobody else.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/event-broker/queue/queue.hpp"

#include <deque>
#include <memory>

namespace upstart::broker {

class Broker;
class BrokerObject;
class Endpoint;

class Link {
public:
  Link(Broker& broker, std::unique_ptr<base::BusConnection> connection);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  [[nodiscard]] base::BusConnection& connection() { return *connection_; }

  using Item = std::variant<Outgoing, Queue::View>;
  void post(Item item);
  // The signals of an event that nobody wanted; at once where nothing is waiting, without a copy.
  void announce(EventId id, const std::string& name, const std::vector<std::string>& env);
  // Sends what the other end has room for.
  void flush();
  [[nodiscard]] bool has_waiting() const { return !outbox_.empty(); }
  [[nodiscard]] bool has_room() const;
  // All that was ever posted has been given to the kernel.
  [[nodiscard]] bool all_written() const;
  // The other end does not read at all.
  [[nodiscard]] bool overfull() const;

  // A call of WaitFor on this connection that is to be answered later.
  void keep_waiting(WaiterId waiter, EventId id, sdbus::Result<bool> result);
  struct Waiting {
    EventId id = 0;
    sdbus::Result<bool> result;
  };
  [[nodiscard]] const std::unordered_map<WaiterId, Waiting>& waiting() const { return waiting_; }

private:
  [[nodiscard]] std::uint64_t unwritten() const;
  [[nodiscard]] bool leaves_out(const Item& item) const;
  void send(const Item& item);
  void send_kind(const Deliver& item);
  void send_kind(const Emitted& item);
  void send_kind(const Finished& item);
  void send_kind(const Answer& item);
  void send_kind(const Outgoing& item);
  void send_kind(const Queue::View& item);

  Broker& broker_;
  std::unique_ptr<base::BusConnection> connection_;
  std::unique_ptr<BrokerObject> object_;
  std::deque<Item> outbox_;
  std::unordered_map<WaiterId, Waiting> waiting_;
  std::size_t left_out_ = 0;
};

} // namespace upstart::broker
