// A bridge as a handler of the event broker, for one that must hear of events, too: each is given to it once accepted,
// and again until it has said that it has it, whoever dies meanwhile. It blocks no event for longer than that. Over a
// connection of its own that comes back.
#pragma once

#include "daemons/base/event-emitter.hpp"
#include "daemons/base/reconnecting-connection.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace upstart::bridge {

struct HeardEvent {
  base::EventId id = 0; // ids only grow
  std::string name;
  std::chrono::system_clock::time_point time{}; // of its acceptance
  std::vector<std::string> environment{};
};

class EventListener {
public:
  struct Events {
    std::function<void(const HeardEvent&)> heard; // perhaps once more than once: see `have`
    std::function<void()> attached;               // all that is wanted by now is heard from now on
  };

  // `address` is that of the broker's own socket, `name` that of the bridge. Does nothing until something is wanted.
  EventListener(base::EventLoop& loop, std::string address, std::string name, Events events);
  EventListener(const EventListener&) = delete;
  EventListener& operator=(const EventListener&) = delete;
  ~EventListener();

  // Attaches although nothing may be wanted: what was given to the bridge before is heard again, so that no event waits
  // for one that wants none any more.
  void attach_anyway() {
    if (!session_) connection_.connect_to(address_);
  }
  // The names of the events to hear of, and no others. Whether they are others than before: then `attached` follows.
  bool want(const std::set<std::string>& names);
  // It is remembered for good: the broker need not give it again.
  void have(base::EventId id);
  // The events that the broker remembers, in order; nothing where it does not answer. Only while attached.
  void ask_history(std::function<void(std::vector<HeardEvent>)> answer);

private:
  class Session;

  void connected(base::BusConnection& broker);
  void attach();

  std::string name_;
  std::string address_;
  Events events_;
  base::ReconnectingConnection connection_;
  std::unique_ptr<Session> session_; // on it
  std::set<std::string> wanted_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace upstart::bridge
