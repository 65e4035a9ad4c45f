// The EventSink port over D-Bus: this daemon as a handler of the event broker, over a connection that comes back. What
// had not been accepted when it went is sent again, under the same token; what was finished is said again until the
// broker has confirmed it, and an event that is given again meanwhile is not handled again. Nothing ever waits for it
// but the events. Names and environments are bytes here and escaped on the way (protocol/text.hpp).
//
// Another process of the same daemon goes on where this one was if it has the same identity, emits what had not
// finished with the same EmissionIds, and says `finished` of what was not confirmed: all of it before the loop runs.
//
// More than twenty methods: half of them are what one message of the broker, or to it, means.
#pragma once

#include "daemons/base/event-emitter.hpp"
#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/job-supervisor/jobs/values/ports.hpp"

#include <deque>
#include <map>
#include <set>
#include <unordered_set>

namespace upstart::supervisor {

// An event as the broker's RecordAll takes it: name, environment, uid and process id of who emitted it.
using EventRecord = sdbus::Struct<std::string, std::vector<std::string>, uint32_t, uint32_t>;

class BrokerClient final : public EventSink {
public:
  struct Handlers {
    std::function<void(EventId, Event)> handle; // an event to be handled
    std::function<void(EmissionId, bool failed)> emission_finished;
    std::function<void(const std::string& name, const protocol::Environment&)> finished_elsewhere;
    // The broker has written down that this event is finished: it will not be given again. Once for each `finished`.
    std::function<void(EventId)> finish_confirmed = [](EventId) {};
    std::function<void()> attached = [] {}; // it is known what other handlers want
  };
  // `identity`: a secret of this daemon, random, of 64 bytes at most, with which it keeps its place at the broker and
  // by which its emissions are known again.
  BrokerClient(base::EventLoop& loop, const std::string& address, Handlers handlers,
               std::string identity = base::random_identity());
  ~BrokerClient() override;

  void emit(EmissionId id, const Event& event, Origin origin) override;
  void record(const Event& event, Origin origin) override;
  void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& actions) override;
  void subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) override;
  [[nodiscard]] bool wanted_by_others(const std::string& event) const override;
  [[nodiscard]] bool knows_others() const override { return was_attached_; }
  [[nodiscard]] bool is_connected() const override { return session_ != nullptr || !was_attached_; }

  // Until `take_events` is called no event is asked for: it is not known yet which are wanted.
  void wait_with_events() { waits_ = true; }
  void take_events();

  // The broker is to join this bus too.
  void join_bus(const std::string& address);

private:
  class Session; // one connection: proxy and handler object
  friend class Session;

  struct Finished {
    bool failed = false;
    std::vector<protocol::JobAction> actions;
  };

  void connected(base::BusConnection& broker);
  void attach();
  void attached(const std::vector<std::string>& wanted_by_others, const std::vector<EventId>& unfinished);
  void not_attached(const std::string& why);
  void handle(EventId id, Event event);
  void confirm(EventId id);
  void send_finished(EventId id, const Finished& finished);
  void send_records();
  void set_others(const std::vector<std::string>& names);
  void event_finished(EventId id, const std::string& name, const std::vector<std::string>& environment, bool failed);

  Handlers handlers_;
  base::ReconnectingConnection connection_;
  base::EventEmitter emitter_;       // over it, and so destroyed before it
  std::unique_ptr<Session> session_; // on it
  std::set<std::string> names_;      // that jobs are subscribed to
  bool was_attached_ = false;
  bool waits_ = false;
  std::unordered_set<std::string> others_; // what other handlers want, by name
  std::vector<std::string> others_patterns_;
  // Sent together when a turn of the loop ends, when they fill a message, and before whatever else is sent; kept while
  // there is no connection. The oldest go first when there are too many.
  std::deque<EventRecord> records_;
  std::map<EventId, Finished> unconfirmed_;
  std::string identity_;
  base::GrowingPause pause_;
  base::Timer attach_again_;
  base::BeforeWaiting turn_ends_; // while there are records
  base::RepeatedMessage not_attached_;
  std::string bus_address_;
};

} // namespace upstart::supervisor
