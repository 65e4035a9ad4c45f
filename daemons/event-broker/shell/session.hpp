// A connection that the broker is served on: that of a peer, or a bus with many clients. It holds the broker's object
// there, and an outbox: what has to be sent waits in it until the message at hand is answered, and for as long as the
// other end does not read, so that a slow reader delays nobody else.
#pragma once

#include "daemons/base/dbus/outbox.hpp"
#include "daemons/event-broker/shell/broker-object.hpp"
#include "daemons/event-broker/shell/subscriber.hpp"

#include <memory>

namespace upstart::broker {

// What a session needs in order to send: its port to the broker.
class Deliveries {
public:
  virtual ~Deliveries() = default;
  // The handler of that subscription; nothing once it has gone or was replaced.
  [[nodiscard]] virtual Subscriber* subscriber(SubscriptionId subscription) = 0;
  [[nodiscard]] virtual std::span<const base::FileDescriptor> files_of(EventId id) const = 0;
  // This event cannot be put in a message to that handler.
  virtual void undeliverable(const Deliver& deliver) = 0;
};

// A signal to one listener: an event was accepted, or, with `failed`, has finished.
struct Signal {
  std::string destination; // its unique name on a bus; empty on a peer connection
  EventPointer event;
  std::optional<bool> failed;
};
// To a handler in whose place another has attached.
struct Displaced {
  std::string destination;
  std::string handler;
};

class Session {
public:
  // The connection must outlive this.
  Session(Requests requests, Deliveries& deliveries, base::BusConnection& connection);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  [[nodiscard]] base::BusConnection& connection() { return connection_; }

  using Item = std::variant<Deliver, Answer, Signal, Displaced, Handlers::View>;
  void post(Item item);
  // Sends what the other end has room for.
  void flush();
  [[nodiscard]] bool has_waiting() const { return !outbox_.empty(); }
  [[nodiscard]] bool has_room() { return outbox_.has_room(); }
  // All that was ever posted has been given to the kernel.
  [[nodiscard]] bool all_written() const { return outbox_.all_written(); }
  // The other end has hung up, and we have not been told yet.
  [[nodiscard]] bool other_end_has_gone() const;
  // The other end does not read at all.
  [[nodiscard]] bool overfull() const { return outbox_.overfull(); }

  // A call of WaitFor on this connection that is to be answered later.
  void keep_waiting(WaiterId waiter, EventId id, sdbus::Result<bool> result);
  struct Waiting {
    EventId id = 0;
    sdbus::Result<bool> result;
  };
  [[nodiscard]] const std::unordered_map<WaiterId, Waiting>& waiting() const { return waiting_; }

private:
  [[nodiscard]] bool leaves_out(const Item& item) const;
  void send(const Item& item);
  void send_kind(const Deliver& item);
  void send_kind(const Answer& item);
  void send_kind(const Signal& item);
  void send_kind(const Displaced& item);
  void send_kind(const Handlers::View& item);

  Deliveries& deliveries_;
  base::BusConnection& connection_;
  BrokerObject object_;
  base::Outbox<Item> outbox_;
  std::unordered_map<WaiterId, Waiting> waiting_;
  std::size_t left_out_ = 0;
};

} // namespace upstart::broker
