// What each user other than root has in flight, and how much that may be: so that one user cannot stop the others.
#pragma once

#include "daemons/event-broker/values/event.hpp"

#include <optional>
#include <unordered_map>

namespace upstart::broker {

// Of one user id.
struct Limits {
  std::uint64_t events = 100'000;
  std::uint64_t bytes = 64U << 20U;
  std::uint64_t descriptors = 1024;
};

class Quota {
public:
  explicit Quota(Limits limits) : limits_{limits} {}

  // Why this event would be too much for its emitter, naming the limit; nothing if it is not.
  [[nodiscard]] std::optional<std::string> objection(const Event& event) const;
  void charge(const Event& event);
  void release(const Event& event);

private:
  struct Use {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t descriptors = 0;
  };

  Limits limits_;
  std::unordered_map<uid_t, Use> used_;
};

} // namespace upstart::broker
