// The EventSink port over D-Bus: this daemon as a handler of the event broker. Connects on the loop and again whenever
// the broker has gone; what had not been accepted by then is sent again. Nothing ever waits for it but the events.
// Names and environments are bytes here and escaped on the way (protocol/text.hpp).
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/base/delayed-warning.hpp"
#include "daemons/job-supervisor/jobs/ports.hpp"

#include <deque>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace upstart::supervisor {

class BrokerClient final : public EventSink {
public:
  struct Handlers {
    std::function<void(EventId, Event)> handle; // an event to be handled
    std::function<void(const std::string& name, const protocol::Environment&)> finished_elsewhere;
  };
  BrokerClient(base::EventLoop& loop, std::string address, Handlers handlers);
  ~BrokerClient() override;

  void emit(const Event& event, Origin origin, std::function<void(bool failed)> finished) override;
  void record(const Event& event, Origin origin) override;
  void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& done) override;
  void subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) override;
  [[nodiscard]] bool wanted_by_others(const std::string& event) const override;

  // The broker is to join this bus too.
  void join_bus(const std::string& address);

private:
  class Link; // one connection: proxy and handler object
  friend class Link;

  struct Emission {
    Event event;
    Origin origin;
    std::function<void(bool failed)> finished;
  };
  void connect();
  void connected(std::unique_ptr<base::BusConnection> connection);
  void lost(const std::string& why);
  bool send(const Emission& emission);
  void set_others(const std::vector<std::string>& names);
  void accepted(EventId id);
  void refused(const std::string& why);
  void event_finished(EventId id, const std::string& name, const std::vector<std::string>& environment, bool failed);

  base::EventLoop& loop_;
  std::string address_;
  Handlers handlers_;
  std::unique_ptr<base::Handshake> handshake_;
  std::unique_ptr<base::BusConnection> connection_;
  std::unique_ptr<Link> link_; // on that connection
  base::Timer retry_;
  std::chrono::milliseconds pause_;
  base::DelayedWarning warning_;
  std::set<std::string> names_;            // what the jobs want
  std::unordered_set<std::string> others_; // what other handlers want, by name
  std::vector<std::string> others_patterns_;
  std::deque<Emission> unaccepted_; // sent or to be sent, in order, without an id yet
  std::unordered_map<EventId, std::function<void(bool)>> unfinished_;
  std::string bus_address_;
};

} // namespace upstart::supervisor
