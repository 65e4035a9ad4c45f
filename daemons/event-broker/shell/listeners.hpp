// Who hears of events: the clients that have called Listen, and of which events each hears. Signals go to them alone,
// each by its connection, on a bus also by its unique name there.
#pragma once

#include "daemons/event-broker/shell/requests.hpp"
#include "daemons/event-broker/shell/sender-watch.hpp"

#include <list>
#include <unordered_set>

namespace upstart::broker {

// Names and patterns (fnmatch) of events.
class EventNames {
public:
  explicit EventNames(const std::vector<std::string>& wanted);
  [[nodiscard]] bool contains(const std::string& name) const;
  [[nodiscard]] bool empty() const { return !all_ && names_.empty() && patterns_.empty(); }

private:
  bool all_ = false;
  std::unordered_set<std::string> names_;
  std::vector<std::string> patterns_;
};

class Listeners {
public:
  explicit Listeners(base::EventLoop& loop) : loop_{loop} {}

  // From now on this client hears of these events, and of no others.
  void set(const Origin& from, EventNames emitted, EventNames finished);
  // Those of a session that ends.
  void remove(const Session& session);
  void clear() { listeners_.clear(); }

  // Posts the signal to everybody who hears of that event.
  void post(const EventPointer& event, std::optional<bool> failed);
  // Both signals of an event that nobody wanted, to all but `from`. True where something could not be sent at once.
  bool announce(const Session& from, EventId id, const std::string& name, const std::vector<std::string>& env);

private:
  struct Listener {
    Session* session = nullptr;
    EventNames emitted;
    EventNames finished;
    std::unique_ptr<SenderWatch> watch{};
  };
  using Place = std::list<Listener>::iterator;

  [[nodiscard]] Place find(const Origin& from);

  base::EventLoop& loop_;
  std::list<Listener> listeners_;
};

} // namespace upstart::broker
