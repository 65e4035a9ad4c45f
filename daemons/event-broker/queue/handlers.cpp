#include "daemons/event-broker/queue/handlers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::broker {

HandlerId Handlers::named(const std::string& name) {
  for (const auto& [id, handler] : handlers_)
    if (handler.name == name) return id;
  handlers_[++last_handler_].name = name;
  return last_handler_;
}

std::vector<std::string> Handlers::names_of(const std::vector<HandlerId>& ids) const {
  std::vector<std::string> names;
  for (auto id : ids) names.push_back(name_of(id));
  return names;
}

void Handlers::want_only(HandlerId id, const std::vector<std::string>& wanted) {
  std::set<std::string> wants{wanted.begin(), wanted.end()};
  std::vector<std::string> no_longer;
  std::ranges::set_difference(handlers_.at(id).wants, wants, std::back_inserter(no_longer));
  for (const auto& one : no_longer) unwant(id, one);
  for (const auto& one : wants) want(id, one);
}

void Handlers::change_wants(HandlerId id, const std::vector<std::string>& add, const std::vector<std::string>& remove) {
  for (const auto& one : remove) unwant(id, one);
  for (const auto& one : add) want(id, one);
}

void Handlers::want(HandlerId id, const std::string& wanted) {
  if (handlers_.at(id).wants.insert(wanted).second) mark_views(id, interest_.add(id, wanted));
}

void Handlers::unwant(HandlerId id, const std::string& wanted) {
  if (handlers_.at(id).wants.erase(wanted) > 0) mark_views(id, interest_.remove(id, wanted));
}

// Another handler's view changes if it was the only other one that wants this, or if there was none.
void Handlers::mark_views(HandlerId changed, const Interest::Others& others) {
  if (others.size() == 1) stale_views_.insert(others.front());
  if (!others.empty()) return;
  for (const auto& [id, handler] : handlers_)
    if (id != changed) stale_views_.insert(id);
}

SubscriptionId Handlers::attach(HandlerId id) {
  auto& handler = handlers_.at(id);
  subscriptions_.erase(handler.subscription);
  handler.subscription = ++last_subscription_;
  subscriptions_[handler.subscription] = id;
  stale_views_.erase(id);
  return handler.subscription;
}

void Handlers::detach(SubscriptionId subscription) {
  if (auto found = subscriptions_.extract(subscription)) handlers_.at(found.mapped()).subscription = 0;
}

std::optional<HandlerId> Handlers::find(SubscriptionId subscription) const {
  auto found = subscriptions_.find(subscription);
  return found == subscriptions_.end() ? std::nullopt : std::optional{found->second};
}

bool Handlers::is_idle(HandlerId id) const {
  const auto& handler = handlers_.at(id);
  return handler.subscription == 0 && handler.wants.empty() && handler.parts == 0;
}

void Handlers::forget(HandlerId id) {
  handlers_.erase(id);
  stale_views_.erase(id);
}

std::vector<Handlers::View> Handlers::take_changed_views() {
  std::vector<View> views;
  for (auto id : std::exchange(stale_views_, {}))
    if (auto subscription = subscription_of(id); subscription != 0)
      views.push_back({subscription, interest_.wanted_by_others(id)});
  return views;
}

void Handlers::add_snapshot(std::vector<Change>& changes) const {
  for (const auto& [id, handler] : handlers_)
    changes.emplace_back(HandlerAttached{handler.name, {handler.wants.begin(), handler.wants.end()}});
}

} // namespace upstart::broker
