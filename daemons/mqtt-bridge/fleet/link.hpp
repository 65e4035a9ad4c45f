// The connection to the broker as the rest of the bridge uses it: what is subscribed to, and what becomes of each
// message that is published.
//
// Invariant: the broker is asked for exactly the filters that are wanted, anew on each connection; whatever is
// published is answered once, or the connection is lost and `lost` tells all owners together. The broker keeps the
// subscriptions of a session, so those of this session are in the memory: what is not wanted any more is given back
// also where that came about while there was no connection, or by the death of a process.
#pragma once

#include "daemons/base/delayed-warning.hpp"
#include "daemons/bridge/ports/memory.hpp"
#include "daemons/mqtt-bridge/connection/mqtt-connection.hpp"
#include "daemons/mqtt-bridge/core/seen-ids.hpp"

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace upstart::mqtt_bridge {

class Link {
public:
  struct Events {
    std::function<void(bool session_present)> connected;
    std::function<void()> lost;
    std::function<void(const Message&)> message;
    std::function<bool()> batch_over;
  };
  struct World {
    base::EventLoop& loop;
    std::string broker; // its address, for messages
    bridge::Memory& memory;
    const SeenIds::Records& records; // what the memory holds
  };
  using Make = std::function<std::unique_ptr<MqttConnection>(MqttConnection::Events)>;
  using Answered = std::function<void(const std::string& refusal)>; // empty: the broker has it

  Link(World world, const Make& make, Events events);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  [[nodiscard]] bool is_connected() const { return connected_; }
  [[nodiscard]] MqttConnection& connection() { return *connection_; }
  // "connected to mqtts://…", or why not.
  [[nodiscard]] std::string state() const;
  [[nodiscard]] std::chrono::system_clock::time_point since() const { return since_; }
  // Once there is a connection: with nothing; or with the reason why there is none after so long.
  void when_connected(std::chrono::milliseconds limit, std::function<void(const std::string& problem)> action);

  // While connected. `answered` is not called any more once the connection is lost.
  void publish(const Publication& publication, Answered answered);

  // These filters, in place of those that were wanted before. Others that the session has are given back, once it is
  // known that these are `all`: an event that comes meanwhile would be lost for a job that is not known yet.
  void want(std::map<std::string, Retained> filters, bool all);
  // Why the broker does not let this node subscribe to it; empty: it does, or has not said.
  [[nodiscard]] std::string refusal_of(const std::string& filter) const;
  // For a question: what stands at the filter comes as messages, until `release`.
  void hold(const std::string& filter, Answered answered);
  void release(const std::string& filter);

private:
  struct Waiting {
    std::unique_ptr<base::Timer> limit;
    std::function<void(const std::string&)> action;
  };

  void connected(bool session_present);
  void lost(const std::string& why);
  void subscribe(const std::string& filter, Retained retained, Answered answered);
  [[nodiscard]] bool is_asked_for(const std::string& filter) const {
    return wanted_.contains(filter) || held_.contains(filter);
  }
  void unsubscribe_others();
  void finish(std::list<Waiting>::iterator waiting, const std::string& problem);

  World world_;
  Events events_;
  bool connected_ = false;
  std::string why_not_ = "it is being connected to";
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  std::map<MqttConnection::Ticket, Answered> published_, subscribed_, unsubscribed_;
  std::map<std::string, Retained> wanted_;
  bool all_known_ = false;                      // what is wanted
  std::set<std::string> subscribed_to_;         // by this session, as far as is known; outlives the process
  std::map<std::string, std::string> refusals_; // of filters
  std::map<std::string, unsigned> held_;        // filters of questions
  std::list<Waiting> waiting_;
  base::DelayedWarning warning_;
  std::unique_ptr<MqttConnection> connection_;
};

} // namespace upstart::mqtt_bridge
