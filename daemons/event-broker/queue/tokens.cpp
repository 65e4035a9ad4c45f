#include "daemons/event-broker/queue/tokens.hpp"

namespace upstart::broker {

void Tokens::accepted(const std::string& token, EventId id) {
  if (!token.empty()) ids_.try_emplace(token, id);
}

void Tokens::ended(const std::string& token) {
  if (token.empty() || !ids_.contains(token)) return;
  ended_.push_back(token);
  if (ended_.size() <= most_ended_) return;
  ids_.erase(ended_.front());
  ended_.pop_front();
}

std::optional<EventId> Tokens::find(const std::string& token) const {
  auto found = ids_.find(token);
  return found == ids_.end() ? std::nullopt : std::optional{found->second};
}

} // namespace upstart::broker
