// The last events, finished or not, in a ring whose places are used again together with their memory: remembering an
// event of common size costs no allocation once the ring is full. It is bounded in events and in bytes: where a few
// large events take up the bytes, the oldest go before the ring is full, and their memory with them.
#pragma once

#include "daemons/event-broker/values/event.hpp"

#include <deque>
#include <string_view>

namespace upstart::broker {

enum class Outcome : std::uint8_t { pending, ok, failed };

[[nodiscard]] const char* name_of(Outcome outcome);

struct Remembered {
  EventId id = 0;
  std::string name;
  std::vector<std::string> env;
  Emitter emitter;
  Time time = 0;
  std::vector<std::string> handlers;
  JobActions done;
  Time blocked = 0; // from acceptance to finish
  Outcome outcome = Outcome::pending;
  std::size_t bytes = 0; // that it takes, nearly
};

// Bytes of one event's environment; the strings beyond are left out.
inline constexpr std::size_t most_remembered_of_env = 16U << 10U;
// Of one event's name; what is beyond is cut off.
inline constexpr std::size_t most_remembered_of_name = 16U << 10U;
// What handlers did because of one event; the actions beyond are left out.
inline constexpr std::size_t most_remembered_actions = 1024;

class History {
public:
  // `capacity`: events; `bytes`: of all of them together.
  History(std::size_t capacity, std::size_t bytes) : capacity_{capacity}, most_bytes_{bytes} {}

  // A place for this event, the oldest one's if need be: pending, with nothing handled or done. The reference is good
  // until the next event is added.
  Remembered& add(EventId id, const std::string& name, const std::vector<std::string>& env, Emitter emitter, Time time);
  // Its place; nothing where later events have taken it.
  [[nodiscard]] Remembered* find(EventId id);
  // Does nothing for an event that is no longer here.
  void add_done(EventId id, const JobActions& actions);
  // The last `count` events (0: all), oldest first.
  [[nodiscard]] std::vector<const Remembered*> last(std::size_t count) const;

private:
  // Ids count up by one, so that an event's place follows from its id; after a restart they jump once.
  [[nodiscard]] std::size_t place(EventId id) const { return static_cast<std::size_t>(id % capacity_); }
  [[nodiscard]] const Remembered& at(EventId id) const { return ring_[place(id)]; }
  void clear(Remembered& entry);
  void forget_oldest();

  std::size_t capacity_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::vector<Remembered> ring_;
  std::deque<EventId> order_; // of those that are in the ring
};

} // namespace upstart::broker
