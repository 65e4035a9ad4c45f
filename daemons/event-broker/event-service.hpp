// The shell around the queue. What comes from a session goes to the queue; what the queue decides is first written down
// (StoreWriter) and then, from the loop and after the call at hand is answered, sent on its way.
//
// One turn: request → queue → effects → noted in the store, posted to outboxes → (loop) written → sent.
#pragma once

#include "daemons/event-broker/shell/listeners.hpp"
#include "daemons/event-broker/shell/sessions.hpp"
#include "daemons/event-broker/shell/store-writer.hpp"
#include "daemons/event-broker/shell/subscribers.hpp"

namespace upstart::broker {

// More than twenty methods: ten are the two ports that it implements.
class EventService final : public EventRequests, private Deliveries {
public:
  // `hang_up` is to close the session of somebody who does not read, and its connection.
  EventService(base::EventLoop& loop, EventStore::Recovered recovered, Settings settings, Permissions permissions,
               std::function<void(Session&)> hang_up);
  ~EventService() override;

  // Descriptors that the service manager kept for an earlier process.
  void take_back(std::multimap<std::string, base::FileDescriptor> inherited);
  // Serves on this connection, until `close`, which comes before the connection goes.
  Session& open(base::BusConnection& connection, BusRequests& buses);
  void close(Session& session);
  // Writes and sends what is waiting, for a short while.
  void finish_up();

  std::expected<EventId, Fault> emit(NewEvent event, Descriptors::Files files) override;
  std::expected<void, Fault> wait(Session& session, EventId id, sdbus::Result<bool>& result) override;
  std::expected<Attached, Fault> attach(const Origin& from, const std::string& handler,
                                        const std::vector<std::string>& events, const std::string& ticket) override;
  std::expected<void, Fault> subscribe(const Origin& from, const std::vector<std::string>& add,
                                       const std::vector<std::string>& remove) override;
  std::expected<void, Fault> listen(const Origin& from, const std::vector<std::string>& emitted,
                                    const std::vector<std::string>& finished) override;
  void finished(const Origin& from, EventId id, bool failed, JobActions done) override;
  void record(const Origin& from, const std::string& name, const std::vector<std::string>& env,
              Emitter emitter) override;
  [[nodiscard]] const Queue& queue() const override { return queue_; }

private:
  [[nodiscard]] Subscriber* subscriber(SubscriptionId subscription) override;
  [[nodiscard]] std::span<const base::FileDescriptor> files_of(EventId id) const override {
    return descriptors_.of(id);
  }
  void undeliverable(const Deliver& deliver) override;

  std::expected<void, Fault> make_place(const Origin& from, const std::string& handler, const std::string& ticket);
  void detach(SubscriptionId subscription);
  std::expected<void, Fault> write_ahead(const Queue::Admission& admission);
  void reserve_ids();
  void execute(Effects effects);
  void post(Outgoing outgoing);
  void flush_soon();
  void flush();
  void flush_where_there_is_room();

  base::EventLoop& loop_;
  Permissions permissions_;
  std::function<void(Session&)> hang_up_;
  Queue queue_;
  StoreWriter store_;
  Descriptors descriptors_;
  Sessions sessions_;
  Subscribers subscribers_;
  Listeners listeners_;
  std::unordered_map<WaiterId, Session*> waiters_;
  WaiterId last_waiter_ = 0;
  bool flush_is_due_ = false;
  bool held_ = false; // what waits to be sent: the store cannot be written
  base::BeforeWaiting before_waiting_;
};

} // namespace upstart::broker
