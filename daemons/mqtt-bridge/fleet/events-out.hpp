// The events of this machine for other nodes: those that the configuration publishes, as the event broker tells of
// them, and those that users send with initctl. Each is in the queue on disk before its emitter goes on, and leaves it
// when the MQTT broker has acknowledged it.
#pragma once

#include "daemons/base/repeated-message.hpp"
#include "daemons/bridge/bridge.hpp"
#include "daemons/bridge/event-listener.hpp"
#include "daemons/mqtt-bridge/configuration/fleet-configuration.hpp"
#include "daemons/mqtt-bridge/fleet/link.hpp"
#include "daemons/mqtt-bridge/messages/topics.hpp"
#include "daemons/mqtt-bridge/storage/outgoing-queue.hpp"

namespace upstart::mqtt_bridge {

class EventsOut {
public:
  using Numbers = std::vector<OutgoingQueue::Number>;
  using Answer = std::function<void(std::expected<void, std::string>)>;
  struct World {
    base::EventLoop& loop;
    Link& link;
    const Topics& topics;
    const FleetConfiguration& configuration;
    std::string run_directory;
  };

  // `life` is of this Upstart: event ids of its broker are compared with those of the same life only.
  EventsOut(World world, OutgoingQueue queue, std::string life);
  EventsOut(const EventsOut&) = delete;
  EventsOut& operator=(const EventsOut&) = delete;
  ~EventsOut();

  // For all nodes, or for one. The error is for the emitter.
  std::expected<OutgoingQueue::Number, std::string> add_for_all(const std::string& name, std::vector<std::string> env,
                                                                const std::string& token);
  std::expected<OutgoingQueue::Number, std::string> add_for(const std::string& node, const std::string& name,
                                                            std::vector<std::string> env, const std::string& token);
  // Answered when the broker has all of them, or refuses one, or after this time.
  void wait_for(const Numbers& numbers, std::chrono::milliseconds limit, Answer answer);

  void connected();
  void connection_lost();
  // What is published, for whoever asks.
  void add_watches(std::vector<bridge::Watch>& watches) const;

private:
  struct Waiter {
    std::set<OutgoingQueue::Number> numbers;
    std::string refusal;
    std::unique_ptr<base::Timer> limit;
    Answer answer;
  };
  using Waiters = std::list<Waiter>;

  [[nodiscard]] EventMessage message(const std::string& name, std::vector<std::string> env) const;
  void heard(const bridge::HeardEvent& event);
  void send();
  void send_later();
  void settle();
  void answered(OutgoingQueue::Number number, const std::string& topic, const std::string& refusal);
  void finish(Waiters::iterator waiter, std::expected<void, std::string> outcome);
  [[nodiscard]] std::string why_waiting() const;

  World world_;
  OutgoingQueue queue_;
  std::string life_;
  Waiters waiters_;
  base::RepeatedMessage not_queued_, refused_;
  std::uint64_t lost_ = 0; // events that were not published, and why the last one was not
  std::string last_loss_;
  base::Timer settle_;
  bool send_is_due_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  bridge::EventListener listener_;
};

} // namespace upstart::mqtt_bridge
