#include "daemons/event-broker/queue/queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::broker {

namespace {

// As many ids as are reserved at a time; a restart skips what is left of them.
constexpr EventId reservation = 1U << 16U;

Event follow_up_of(const Event& failed, EventId id, Time now) {
  return {
      .id = id, .name = failed.name + "/failed", .env = failed.env, .emitter = failed.emitter, .time = now, .files = 0};
}

} // namespace

bool fails_aloud(std::string_view name) { return !name.ends_with("/failed"); }

Queue::Queue(Settings settings) : settings_{settings}, quota_{settings.limits}, history_{settings.history} {}

// --- Taking events

Queue::Admission Queue::admission_of(Event event) const {
  auto wanting = interest_.wanting(event.name);
  return {.event = std::make_shared<const Event>(std::move(event)), .wanting = std::move(wanting)};
}

std::expected<Queue::Admission, std::string> Queue::admit(std::string name, std::vector<std::string> env,
                                                          Emitter emitter, unsigned files, Time now) const {
  auto admission = admission_of({.id = next_id_,
                                 .name = std::move(name),
                                 .env = std::move(env),
                                 .emitter = emitter,
                                 .time = now,
                                 .files = files});
  if (admission.wanted())
    if (auto objection = quota_.objection(*admission.event)) return std::unexpected(std::move(*objection));
  return admission;
}

EventAccepted Queue::written_form(const Admission& admission) const {
  return {.event = admission.event, .handlers = names_of(admission.wanting)};
}

Effects Queue::accept(const Admission& admission) {
  Effects effects;
  admit_to(admission, effects);
  return effects;
}

void Queue::admit_to(const Admission& admission, Effects& effects) {
  const auto& event = *admission.event;
  next_id_ = event.id + 1;
  effects.outgoing.emplace_back(Emitted{admission.event});
  if (!admission.wanted()) {
    history_.add(event.id, event.name, event.env, event.emitter, event.time).outcome = Outcome::ok;
    effects.outgoing.emplace_back(Finished{admission.event, false});
    return;
  }
  hold(admission.event, admission.wanting);
  auto& pending = pending_.at(event.id);
  for (auto& delivery : pending.deliveries) give(pending, delivery, effects);
}

EventId Queue::record(const std::string& name, const std::vector<std::string>& env, Emitter emitter, Time now) {
  history_.add(next_id_, name, env, emitter, now).outcome = Outcome::ok;
  return next_id_++;
}

void Queue::hold(const EventPointer& event, const std::vector<HandlerId>& wanting) {
  auto& pending = pending_[event->id];
  pending.event = event;
  auto& remembered = history_.add(event->id, event->name, event->env, event->emitter, event->time);
  for (auto id : wanting) {
    auto& handler = handlers_.at(id);
    pending.deliveries.push_back({.handler = id, .done = {}});
    ++handler.parts;
    remembered.handlers.push_back(handler.name);
  }
  quota_.charge(*event);
}

void Queue::give(Pending& pending, Delivery& delivery, Effects& effects) {
  const auto& handler = handlers_.at(delivery.handler);
  if (handler.subscription == 0) return;
  effects.outgoing.emplace_back(Deliver{.to = handler.subscription, .event = pending.event, .again = delivery.given});
  delivery.given = true;
}

Effects Queue::reserve_ids() {
  Effects effects;
  if (next_id_ + reservation / 2 <= reserved_up_to_) return effects;
  reserved_up_to_ = next_id_ - 1 + reservation;
  effects.changes.emplace_back(IdsReserved{reserved_up_to_});
  return effects;
}

// --- Finishing them

Queue::Delivery* Queue::open_delivery(Pending& pending, HandlerId handler) {
  auto found = std::ranges::find(pending.deliveries, handler, &Delivery::handler);
  return found == pending.deliveries.end() || found->finished ? nullptr : &*found;
}

void Queue::finish_delivery(EventId id, Delivery& delivery, bool failed, JobActions done) {
  delivery.finished = true;
  delivery.failed = failed;
  delivery.done = std::move(done);
  if (auto* remembered = history_.find(id)) std::ranges::copy(delivery.done, std::back_inserter(remembered->done));
}

Effects Queue::finished(SubscriptionId subscription, EventId id, bool failed, JobActions done, Time now) {
  Effects effects;
  auto by = subscriptions_.find(subscription);
  auto found = pending_.find(id);
  if (by == subscriptions_.end() || found == pending_.end()) return effects;
  auto* delivery = open_delivery(found->second, by->second);
  if (delivery == nullptr) return effects;
  finish_delivery(id, *delivery, failed, std::move(done));
  if (std::ranges::all_of(found->second.deliveries, &Delivery::finished)) end(found, now, effects);
  else effects.changes.emplace_back(HandlerFinished{id, handlers_.at(delivery->handler).name, failed, delivery->done});
  return effects;
}

void Queue::end(PendingEvents::iterator ended, Time now, Effects& effects) {
  auto node = pending_.extract(ended);
  const auto& [event, deliveries, waiters] = node.mapped();
  bool failed = std::ranges::any_of(deliveries, &Delivery::failed);
  release(node.mapped());
  if (failed) remember_failure(event->id);
  if (auto* remembered = history_.find(event->id)) {
    remembered->blocked = now > event->time ? now - event->time : 0;
    remembered->outcome = failed ? Outcome::failed : Outcome::ok;
  }
  effects.outgoing.emplace_back(Finished{event, failed});
  for (auto waiter : waiters) effects.outgoing.emplace_back(Answer{waiter, failed});
  auto& change = std::get<EventEnded>(effects.changes.emplace_back(EventEnded{event->id, failed, std::nullopt}));
  if (!failed || !fails_aloud(event->name)) return;
  auto follow_up = admission_of(follow_up_of(*event, next_id_, now));
  if (follow_up.wanted()) change.follow_up = written_form(follow_up);
  admit_to(follow_up, effects);
}

void Queue::release(const Pending& pending) {
  quota_.release(*pending.event);
  for (const auto& delivery : pending.deliveries) --handlers_.at(delivery.handler).parts;
}

void Queue::remember_failure(EventId id) {
  failures_.insert(id);
  if (failures_.size() <= settings_.failures) return;
  forgotten_up_to_ = std::max(forgotten_up_to_, *failures_.begin());
  failures_.erase(failures_.begin());
}

std::expected<std::optional<bool>, Queue::Unknown> Queue::wait(EventId id, WaiterId waiter) {
  if (auto found = pending_.find(id); found != pending_.end()) {
    found->second.waiters.push_back(waiter);
    return std::nullopt;
  }
  if (failures_.contains(id)) return true;
  if (id == 0 || id >= next_id_) return std::unexpected(Unknown::never_given_out);
  if (id <= forgotten_up_to_) return std::unexpected(Unknown::forgotten);
  return false;
}

void Queue::abandon(EventId id, WaiterId waiter) {
  if (auto found = pending_.find(id); found != pending_.end()) std::erase(found->second.waiters, waiter);
}

std::vector<Queue::PendingEvent> Queue::pending() const {
  std::vector<PendingEvent> result;
  result.reserve(pending_.size());
  for (const auto& [id, pending] : pending_) {
    auto& listed = result.emplace_back(PendingEvent{pending.event, {}});
    for (const auto& delivery : pending.deliveries)
      if (!delivery.finished) listed.blocked_by.push_back(handlers_.at(delivery.handler).name);
  }
  return result;
}

// --- Handlers

HandlerId Queue::handler_named(const std::string& name) {
  for (const auto& [id, handler] : handlers_)
    if (handler.name == name) return id;
  handlers_[++last_handler_].name = name;
  return last_handler_;
}

std::vector<std::string> Queue::names_of(const std::vector<HandlerId>& handlers) const {
  std::vector<std::string> names;
  for (auto id : handlers) names.push_back(handlers_.at(id).name);
  return names;
}

// Another handler's view changes if it was the only other one that wants this, or if there was none.
void Queue::mark_views(HandlerId changed, const Interest::Others& others) {
  if (others.size() == 1) stale_views_.insert(others.front());
  if (!others.empty()) return;
  for (const auto& [id, handler] : handlers_)
    if (id != changed) stale_views_.insert(id);
}

void Queue::want(HandlerId id, const std::string& wanted) {
  if (handlers_.at(id).wants.insert(wanted).second) mark_views(id, interest_.add(id, wanted));
}

void Queue::unwant(HandlerId id, const std::string& wanted) {
  if (handlers_.at(id).wants.erase(wanted) > 0) mark_views(id, interest_.remove(id, wanted));
}

Queue::Attached Queue::attach(const std::string& name, const std::vector<std::string>& wants) {
  Effects effects;
  restore_kind(HandlerAttached{name, wants});
  effects.changes.emplace_back(HandlerAttached{name, wants});
  auto id = handler_named(name);
  auto& handler = handlers_.at(id);
  subscriptions_.erase(handler.subscription);
  handler.subscription = ++last_subscription_;
  subscriptions_[handler.subscription] = id;
  stale_views_.erase(id);
  if (handler.parts > 0)
    for (auto& [event_id, pending] : pending_)
      if (auto* delivery = open_delivery(pending, id)) give(pending, *delivery, effects);
  return {.subscription = handler.subscription,
          .wanted_by_others = interest_.wanted_by_others(id),
          .effects = std::move(effects)};
}

Effects Queue::subscribe(SubscriptionId subscription, const std::vector<std::string>& add,
                         const std::vector<std::string>& remove) {
  Effects effects;
  auto found = subscriptions_.find(subscription);
  if (found == subscriptions_.end()) return effects;
  HandlerSubscribed change{handlers_.at(found->second).name, add, remove};
  restore_kind(change);
  effects.changes.emplace_back(std::move(change));
  return effects;
}

Effects Queue::detach(SubscriptionId subscription) {
  Effects effects;
  auto found = subscriptions_.find(subscription);
  if (found == subscriptions_.end()) return effects;
  auto id = found->second;
  subscriptions_.erase(found);
  auto& handler = handlers_.at(id);
  handler.subscription = 0;
  if (!handler.wants.empty() || handler.parts > 0) return effects;
  effects.changes.emplace_back(HandlerForgotten{handler.name});
  forget_handler(id);
  return effects;
}

void Queue::forget_handler(HandlerId id) {
  handlers_.erase(id);
  stale_views_.erase(id);
}

std::vector<Queue::View> Queue::take_changed_views() {
  std::vector<View> views;
  for (auto id : std::exchange(stale_views_, {}))
    if (auto subscription = handlers_.at(id).subscription; subscription != 0)
      views.push_back({subscription, interest_.wanted_by_others(id)});
  return views;
}

// --- Remembering

void Queue::restore(const Change& change) {
  std::visit([this](const auto& kind) { restore_kind(kind); }, change);
}

void Queue::restore_kind(const IdsReserved& change) {
  reserved_up_to_ = std::max(reserved_up_to_, change.up_to);
  next_id_ = std::max(next_id_, change.up_to + 1);
}

void Queue::restore_kind(const HandlerAttached& change) {
  auto id = handler_named(change.handler);
  std::set<std::string> wants{change.wants.begin(), change.wants.end()};
  std::vector<std::string> no_longer;
  std::ranges::set_difference(handlers_.at(id).wants, wants, std::back_inserter(no_longer));
  for (const auto& wanted : no_longer) unwant(id, wanted);
  for (const auto& wanted : wants) want(id, wanted);
}

void Queue::restore_kind(const HandlerSubscribed& change) {
  auto id = handler_named(change.handler);
  for (const auto& wanted : change.remove) unwant(id, wanted);
  for (const auto& wanted : change.add) want(id, wanted);
}

void Queue::restore_kind(const HandlerForgotten& change) { forget_handler(handler_named(change.handler)); }

void Queue::restore_kind(const EventAccepted& change) {
  std::vector<HandlerId> wanting;
  for (const auto& name : change.handlers) wanting.push_back(handler_named(name));
  hold(change.event, wanting);
  for (auto& delivery : pending_.at(change.event->id).deliveries) delivery.given = true;
  next_id_ = std::max(next_id_, change.event->id + 1);
}

void Queue::restore_kind(const HandlerFinished& change) {
  auto found = pending_.find(change.id);
  if (found == pending_.end()) return;
  if (auto* delivery = open_delivery(found->second, handler_named(change.handler)))
    finish_delivery(change.id, *delivery, change.failed, change.done);
}

void Queue::restore_kind(const EventEnded& change) {
  if (auto found = pending_.find(change.id); found != pending_.end()) {
    for (auto& delivery : found->second.deliveries)
      if (!delivery.finished) finish_delivery(change.id, delivery, change.failed, {});
    release(found->second);
    if (auto* remembered = history_.find(change.id))
      remembered->outcome = change.failed ? Outcome::failed : Outcome::ok;
    pending_.erase(found);
  }
  if (change.failed) remember_failure(change.id);
  if (change.follow_up) restore_kind(*change.follow_up);
}

void Queue::restore_kind(const FailuresForgotten& change) {
  forgotten_up_to_ = std::max(forgotten_up_to_, change.up_to);
}

std::vector<Change> Queue::snapshot() const {
  std::vector<Change> changes{IdsReserved{reserved_up_to_}, FailuresForgotten{forgotten_up_to_}};
  for (auto id : failures_) changes.emplace_back(EventEnded{id, true, std::nullopt});
  for (const auto& [id, handler] : handlers_)
    changes.emplace_back(HandlerAttached{handler.name, {handler.wants.begin(), handler.wants.end()}});
  for (const auto& [id, pending] : pending_) {
    EventAccepted accepted{pending.event, {}};
    for (const auto& delivery : pending.deliveries) accepted.handlers.push_back(handlers_.at(delivery.handler).name);
    changes.emplace_back(std::move(accepted));
    for (const auto& delivery : pending.deliveries)
      if (delivery.finished)
        changes.emplace_back(HandlerFinished{id, handlers_.at(delivery.handler).name, delivery.failed, delivery.done});
  }
  return changes;
}

} // namespace upstart::broker
