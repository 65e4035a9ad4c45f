#include "daemons/event-broker/queue/queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::broker {

namespace {

Event follow_up_of(const Event& failed, EventId id, Time now) {
  return {
      .id = id, .name = failed.name + "/failed", .env = failed.env, .emitter = failed.emitter, .time = now, .files = 0};
}

} // namespace

bool fails_aloud(std::string_view name) { return !name.ends_with("/failed"); }

Queue::Queue(Settings settings)
    : quota_{settings.limits},
      history_{settings.history, settings.history_bytes},
      outcomes_{settings.failures},
      tokens_{settings.tokens} {}

// --- Taking events

Queue::Admission Queue::admission_of(Event event) const {
  auto wanting = handlers_.wanting(event.name);
  return {.event = std::make_shared<const Event>(std::move(event)), .wanting = std::move(wanting)};
}

std::expected<Queue::Admission, std::string> Queue::admit(NewEvent event, Time now) const {
  auto admission = admission_of({.id = outcomes_.next_id(),
                                 .name = std::move(event.name),
                                 .env = std::move(event.env),
                                 .emitter = event.emitter,
                                 .time = now,
                                 .files = event.files,
                                 .token = std::move(event.token)});
  if (admission.wanted())
    if (auto objection = quota_.objection(*admission.event)) return std::unexpected(std::move(*objection));
  return admission;
}

EventAccepted Queue::written_form(const Admission& admission) const {
  return {.event = admission.event, .handlers = handlers_.names_of(admission.wanting)};
}

Effects Queue::accept(const Admission& admission) {
  Effects effects;
  admit_to(admission, effects);
  return effects;
}

void Queue::admit_to(const Admission& admission, Effects& effects) {
  const auto& event = *admission.event;
  outcomes_.given_out(event.id);
  effects.outgoing.emplace_back(Emitted{admission.event});
  if (!admission.wanted()) {
    tokens_.accepted(event.token, event.id);
    tokens_.ended(event.token);
    history_.add(event.id, event.name, event.env, event.emitter, event.time).outcome = Outcome::ok;
    effects.outgoing.emplace_back(Finished{admission.event, false});
    return;
  }
  hold(admission.event, admission.wanting);
  auto& pending = pending_.at(event.id);
  for (auto& delivery : pending.deliveries) give(pending, delivery, effects);
}

EventId Queue::record(const std::string& name, const std::vector<std::string>& env, Emitter emitter, Time now) {
  auto id = outcomes_.next_id();
  history_.add(id, name, env, emitter, now).outcome = Outcome::ok;
  outcomes_.given_out(id);
  return id;
}

void Queue::hold(const EventPointer& event, const std::vector<HandlerId>& wanting) {
  auto& pending = pending_[event->id];
  pending.event = event;
  auto& remembered = history_.add(event->id, event->name, event->env, event->emitter, event->time);
  for (auto id : wanting) {
    pending.deliveries.push_back({.handler = id, .done = {}});
    handlers_.part_begins(id);
    remembered.handlers.push_back(handlers_.name_of(id));
  }
  tokens_.accepted(event->token, event->id);
  quota_.charge(*event);
}

void Queue::give(Pending& pending, Delivery& delivery, Effects& effects) {
  auto subscription = handlers_.subscription_of(delivery.handler);
  if (subscription == 0) return;
  effects.outgoing.emplace_back(Deliver{.to = subscription, .event = pending.event, .again = delivery.given});
  delivery.given = true;
}

Effects Queue::reserve_ids() {
  Effects effects;
  if (auto reserved = outcomes_.reserve()) effects.changes.emplace_back(*reserved);
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
  history_.add_done(id, delivery.done);
}

Effects Queue::finished(SubscriptionId subscription, EventId id, bool failed, JobActions done, Time now) {
  Effects effects;
  auto by = handlers_.find(subscription);
  auto found = pending_.find(id);
  if (!by || found == pending_.end()) return effects;
  auto* delivery = open_delivery(found->second, *by);
  if (delivery == nullptr) return effects;
  finish_delivery(id, *delivery, failed, std::move(done));
  if (std::ranges::all_of(found->second.deliveries, &Delivery::finished)) end(found, now, effects);
  else effects.changes.emplace_back(HandlerFinished{id, handlers_.name_of(*by), failed, delivery->done});
  return effects;
}

void Queue::end(PendingEvents::iterator ended, Time now, Effects& effects) {
  auto node = pending_.extract(ended);
  const auto& [event, deliveries, waiters] = node.mapped();
  bool failed = std::ranges::any_of(deliveries, &Delivery::failed);
  release(node.mapped());
  if (failed) outcomes_.failed(event->id);
  if (auto* remembered = history_.find(event->id)) {
    remembered->blocked = now > event->time ? now - event->time : 0;
    remembered->outcome = failed ? Outcome::failed : Outcome::ok;
  }
  effects.outgoing.emplace_back(Finished{event, failed});
  for (auto waiter : waiters) effects.outgoing.emplace_back(Answer{waiter, failed});
  auto& change = std::get<EventEnded>(effects.changes.emplace_back(EventEnded{event->id, failed, std::nullopt}));
  if (!failed || !fails_aloud(event->name)) return;
  auto follow_up = admission_of(follow_up_of(*event, outcomes_.next_id(), now));
  if (follow_up.wanted()) change.follow_up = written_form(follow_up);
  admit_to(follow_up, effects);
}

void Queue::release(const Pending& pending) {
  quota_.release(*pending.event);
  tokens_.ended(pending.event->token);
  for (const auto& delivery : pending.deliveries) handlers_.part_ends(delivery.handler);
}

std::expected<std::optional<bool>, Outcomes::Unknown> Queue::wait(EventId id, WaiterId waiter) {
  if (auto found = pending_.find(id); found != pending_.end()) {
    found->second.waiters.push_back(waiter);
    return std::nullopt;
  }
  return outcomes_.of(id).transform([](bool failed) { return std::optional{failed}; });
}

void Queue::abandon(EventId id, WaiterId waiter) {
  if (auto found = pending_.find(id); found != pending_.end()) std::erase(found->second.waiters, waiter);
}

std::vector<Queue::PendingEvent> Queue::pending(std::size_t most) const {
  std::vector<PendingEvent> result;
  if (most == 0) most = pending_.size();
  for (const auto& [id, pending] : pending_) {
    if (result.size() == most) break;
    auto& listed = result.emplace_back(PendingEvent{pending.event, {}});
    for (const auto& delivery : pending.deliveries)
      if (!delivery.finished) listed.blocked_by.push_back(handlers_.name_of(delivery.handler));
  }
  return result;
}

// --- Handlers

Queue::Attached Queue::attach(const std::string& name, const std::vector<std::string>& wants) {
  Attached attached;
  restore_kind(HandlerAttached{name, wants});
  attached.effects.changes.emplace_back(HandlerAttached{name, wants});
  auto handler = handlers_.named(name);
  attached.subscription = handlers_.attach(handler);
  attached.wanted_by_others = handlers_.wanted_by_others(handler);
  if (!handlers_.has_parts(handler)) return attached;
  for (auto& [id, pending] : pending_) {
    auto* delivery = open_delivery(pending, handler);
    if (delivery == nullptr) continue;
    attached.unfinished.push_back(id);
    give(pending, *delivery, attached.effects);
  }
  return attached;
}

Effects Queue::subscribe(SubscriptionId subscription, const std::vector<std::string>& add,
                         const std::vector<std::string>& remove) {
  Effects effects;
  auto handler = handlers_.find(subscription);
  if (!handler) return effects;
  HandlerSubscribed change{handlers_.name_of(*handler), add, remove};
  restore_kind(change);
  effects.changes.emplace_back(std::move(change));
  return effects;
}

Effects Queue::detach(SubscriptionId subscription) {
  Effects effects;
  auto handler = handlers_.find(subscription);
  if (!handler) return effects;
  handlers_.detach(subscription);
  if (!handlers_.is_idle(*handler)) return effects;
  effects.changes.emplace_back(HandlerForgotten{handlers_.name_of(*handler)});
  handlers_.forget(*handler);
  return effects;
}

// --- Remembering

void Queue::restore(const Change& change) {
  std::visit([this](const auto& kind) { restore_kind(kind); }, change);
}

void Queue::restore_kind(const HandlerAttached& change) {
  handlers_.want_only(handlers_.named(change.handler), change.wants);
}

void Queue::restore_kind(const HandlerSubscribed& change) {
  handlers_.change_wants(handlers_.named(change.handler), change.add, change.remove);
}

// What was written down may have gaps: a handler that has a part in an event stays.
void Queue::restore_kind(const HandlerForgotten& change) {
  auto handler = handlers_.named(change.handler);
  handlers_.want_only(handler, {});
  if (handlers_.is_idle(handler)) handlers_.forget(handler);
}

void Queue::restore_kind(const EventAccepted& change) {
  if (is_pending(change.event->id)) return;
  std::vector<HandlerId> wanting;
  for (const auto& name : change.handlers) wanting.push_back(handlers_.named(name));
  hold(change.event, wanting);
  for (auto& delivery : pending_.at(change.event->id).deliveries) delivery.given = true;
  outcomes_.given_out(change.event->id);
}

void Queue::restore_kind(const HandlerFinished& change) {
  auto found = pending_.find(change.id);
  if (found == pending_.end()) return;
  if (auto* delivery = open_delivery(found->second, handlers_.named(change.handler)))
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
  if (change.failed) outcomes_.failed(change.id);
  if (change.follow_up) restore_kind(*change.follow_up);
}

void Queue::restore_kind(const TokenRemembered& change) {
  tokens_.accepted(change.token, change.id);
  tokens_.ended(change.token);
}

std::vector<Change> Queue::snapshot() const {
  std::vector<Change> changes;
  outcomes_.add_snapshot(changes);
  tokens_.for_each_ended([&](const auto& token, EventId id) { changes.emplace_back(TokenRemembered{token, id}); });
  handlers_.add_snapshot(changes);
  for (const auto& [id, pending] : pending_) {
    EventAccepted accepted{pending.event, {}};
    for (const auto& delivery : pending.deliveries) accepted.handlers.push_back(handlers_.name_of(delivery.handler));
    changes.emplace_back(std::move(accepted));
    for (const auto& delivery : pending.deliveries)
      if (delivery.finished)
        changes.emplace_back(HandlerFinished{id, handlers_.name_of(delivery.handler), delivery.failed, delivery.done});
  }
  return changes;
}

} // namespace upstart::broker
