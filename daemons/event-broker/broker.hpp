// The broker: the shell around the queue. What comes from a connection goes to the queue; what the queue decides is
// first written down (Memory) and then, from the loop and after the call at hand is answered, sent on its way.
#pragma once

#include "daemons/event-broker/broker-object.hpp"
#include "daemons/event-broker/bus-membership.hpp"
#include "daemons/event-broker/descriptors.hpp"
#include "daemons/event-broker/endpoint.hpp"
#include "daemons/event-broker/memory/memory.hpp"

#include <list>

namespace upstart::broker {

// What a caller is told: a D-Bus error name and a message.
struct Fault {
  const char* name = nullptr;
  std::string message;
};

class Broker {
public:
  Broker(base::EventLoop& loop, Memory::Recalled recalled, Settings settings = {});
  ~Broker();

  // Descriptors that the service manager kept for a former life.
  void take_back(std::multimap<std::string, base::FileDescriptor> inherited);
  // Serves this peer until it hangs up.
  void serve(std::unique_ptr<base::BusConnection> peer);
  // Joins the bus at this address, again and again until it is there; nothing new for one it joins already.
  std::expected<void, Fault> join_bus(const std::string& address);
  // Tries at once every bus that is not joined.
  void retry_buses();
  // Writes and sends what is waiting, for a short while.
  void finish_up();

  std::expected<EventId, Fault> emit(Emitter emitter, const std::string& name, const std::vector<std::string>& env,
                                     Descriptors::Files files);
  // Takes `result` if the answer comes later, and answers it at once if it is known.
  std::expected<void, Fault> wait(Link& link, EventId id, sdbus::Result<bool>& result);
  std::expected<std::vector<std::string>, Fault> attach(const Origin& from, const std::string& handler,
                                                        const std::vector<std::string>& events);
  std::expected<void, Fault> subscribe(const Origin& from, const std::vector<std::string>& add,
                                       const std::vector<std::string>& remove);
  void finished(const Origin& from, EventId id, bool failed, JobActions done);
  void record(const Origin& from, const std::string& name, const std::vector<std::string>& env, Emitter emitter);

  // This event cannot be put in a message to that handler.
  void undeliverable(const Deliver& deliver);

  [[nodiscard]] const Queue& queue() const { return queue_; }
  [[nodiscard]] const Descriptors& descriptors() const { return descriptors_; }
  // Where that handler is; nothing once it has gone or was replaced.
  [[nodiscard]] Endpoint* endpoint(Attachment attachment);

private:
  using Links = std::list<std::unique_ptr<Link>>;
  // An attached handler.
  struct Seat {
    std::string handler;
    std::unique_ptr<Endpoint> endpoint;
  };
  using Seats = std::map<Attachment, Seat>;

  Link& add_link(std::unique_ptr<base::BusConnection> connection, std::function<void()> lost);
  void remove_link(Link& link);
  void detach(Attachment attachment);
  void vacate(Seats::iterator seat);
  [[nodiscard]] Attachment attachment_of(const Origin& from) const;
  std::expected<void, Fault> write_ahead(const Queue::Admission& admission);
  void reserve_ids();

  void carry_out(Effects effects);
  void post(Outgoing outgoing);
  void post_to_all(const Outgoing& outgoing);
  void flush_soon();
  void flush();
  void flush_what_has_room();
  void hang_up_on_overfull();
  bool write_memory();
  void tell_memory_fault(const std::string& fault);
  [[nodiscard]] Memory::Snapshot snapshot() const;

  base::EventLoop& loop_;
  Memory memory_;
  Queue queue_;
  Descriptors descriptors_;
  Links links_;
  Seats seats_;
  std::map<std::pair<Link*, std::string>, Attachment> attachments_; // by connection and unique name
  std::unordered_map<WaiterId, Link*> waiters_;
  WaiterId last_waiter_ = 0;
  std::list<BusMembership> buses_;
  bool flush_is_due_ = false;
  bool something_waits_ = false;
  std::string memory_fault_;
  base::Timer memory_retry_;
  base::BeforeWaiting when_idle_;
};

} // namespace upstart::broker
