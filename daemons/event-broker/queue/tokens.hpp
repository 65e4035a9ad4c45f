// Which event has which token: those of all pending events, and those of the last events that have ended. An emitter
// that did not hear whether its event was accepted sends it again with the same token, and is told the same id; so a
// token has to be known for as long as its answer may be on the way, and somewhat longer.
#pragma once

#include "daemons/event-broker/values/event.hpp"

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

namespace upstart::broker {

class Tokens {
public:
  // As many ended events are remembered.
  explicit Tokens(std::size_t ended) : most_ended_{ended} {}

  // Neither does anything with an empty token.
  void accepted(const std::string& token, EventId id);
  // The event with this token is pending no more.
  void ended(const std::string& token);

  [[nodiscard]] std::optional<EventId> find(const std::string& token) const;

  // `see` is called with the token and the id of each event that has ended, the first to end first.
  template <typename See> void for_each_ended(See&& see) const {
    for (const auto& token : ended_) see(token, ids_.at(token));
  }

private:
  std::size_t most_ended_;
  std::unordered_map<std::string, EventId> ids_;
  std::deque<std::string> ended_;
};

} // namespace upstart::broker
