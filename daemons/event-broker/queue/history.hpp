// The last events, finished or not, in a ring whose places are used again together with their memory: remembering an
// event costs no allocation once the ring is full.
#pragma once

#include "daemons/event-broker/values/event.hpp"

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
};

// Bytes of one event's environment; the strings beyond are left out.
inline constexpr std::size_t most_remembered_of_env = 16U << 10U;

class History {
public:
  explicit History(std::size_t capacity) : capacity_{capacity} {}

  // A place for this event, the oldest one's if need be: pending, with nothing handled or done.
  Remembered& add(EventId id, const std::string& name, const std::vector<std::string>& env, Emitter emitter, Time time);
  // Its place; nothing where later events have taken it.
  [[nodiscard]] Remembered* find(EventId id);
  // The last `count` events (0: all), oldest first.
  [[nodiscard]] std::vector<const Remembered*> last(std::size_t count) const;

private:
  // Ids count up by one, so that an event's place follows from its id; after a restart they jump once.
  [[nodiscard]] std::size_t place(EventId id) const { return static_cast<std::size_t>(id % capacity_); }

  std::size_t capacity_;
  std::vector<Remembered> ring_;
};

} // namespace upstart::broker
