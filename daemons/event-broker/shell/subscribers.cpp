#include "daemons/event-broker/shell/subscribers.hpp"

#include <algorithm>

namespace upstart::broker {

namespace {

// Far more names than there are handlers.
constexpr std::size_t most_first_tickets = 256;

} // namespace

void Subscribers::add(SubscriptionId subscription, Entry entry) {
  by_sender_[{entry.session, entry.subscriber->sender()}] = subscription;
  entries_.emplace(subscription, std::move(entry));
}

void Subscribers::remove(SubscriptionId subscription) {
  auto found = entries_.find(subscription);
  if (found == entries_.end()) return;
  by_sender_.erase({found->second.session, found->second.subscriber->sender()});
  entries_.erase(found);
}

Subscribers::Entry* Subscribers::find(SubscriptionId subscription) {
  auto found = entries_.find(subscription);
  return found == entries_.end() ? nullptr : &found->second;
}

SubscriptionId Subscribers::named(const std::string& handler) const {
  auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return entry.second.handler == handler; });
  return found == entries_.end() ? 0 : found->first;
}

SubscriptionId Subscribers::of(const Origin& from) const {
  auto found = by_sender_.find({&from.session, from.sender});
  return found == by_sender_.end() ? 0 : found->second;
}

bool Subscribers::is_first_ticket(const std::string& handler, const std::string& ticket) {
  if (auto found = first_tickets_.find(handler); found != first_tickets_.end()) return found->second == ticket;
  if (first_tickets_.size() < most_first_tickets) first_tickets_.emplace(handler, ticket);
  return true;
}

std::vector<SubscriptionId> Subscribers::on(const Session& session) const {
  std::vector<SubscriptionId> result;
  for (const auto& [subscription, entry] : entries_)
    if (entry.session == &session) result.push_back(subscription);
  return result;
}

} // namespace upstart::broker
