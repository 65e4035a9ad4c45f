#include "daemons/event-broker/event-service.hpp"

#include "daemons/base/fault-point.hpp"
#include "protocol/environment.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace upstart::broker {

namespace {

constexpr std::chrono::milliseconds time_to_finish_up{1000};

Time now() {
  auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<Time>(std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
}

bool has_empty(const std::vector<std::string>& names) { return std::ranges::any_of(names, &std::string::empty); }

constexpr const char* empty_name = "Name may not be empty string";

} // namespace

EventService::EventService(base::EventLoop& loop, EventStore::Recovered recovered, Settings settings,
                           Permissions permissions, std::function<void(Session&)> hang_up)
    : loop_{loop},
      permissions_{permissions},
      hang_up_{std::move(hang_up)},
      queue_{settings},
      store_{loop, std::move(recovered.store), [this] { return queue_.snapshot(); }, [this] { flush(); }},
      listeners_{loop},
      before_waiting_{loop, [this] { flush_where_there_is_room(); }} {
  for (const auto& fault : recovered.faults) spdlog::warn("{}", fault);
  for (const auto& change : recovered.changes) queue_.restore(change);
  if (!recovered.faults.empty()) queue_.restored_with_gaps();
  if (queue_.pending_count() > 0) spdlog::info("recovered {} pending events", queue_.pending_count());
  reserve_ids();
  store_.write();
}

EventService::~EventService() {
  subscribers_.clear();
  listeners_.clear();
}

void EventService::take_back(std::multimap<std::string, base::FileDescriptor> inherited) {
  descriptors_.take_back(std::move(inherited), [this](EventId id) { return queue_.is_pending(id); });
}

// --- Sessions

Session& EventService::open(base::BusConnection& connection, BusRequests& buses) {
  return sessions_.add({.events = *this, .buses = buses, .permissions = permissions_}, *this, connection);
}

void EventService::close(Session& session) {
  for (auto subscription : subscribers_.on(session)) detach(subscription);
  listeners_.remove(session);
  for (const auto& [waiter, waiting] : session.waiting()) {
    queue_.abandon(waiting.id, waiter);
    waiters_.erase(waiter);
  }
  sessions_.remove(session);
}

// --- What callers ask

std::expected<EventId, Fault> EventService::emit(NewEvent event, Descriptors::Files files) {
  if (auto accepted = queue_.accepted_with(event.token)) return *accepted;
  if (event.name.empty()) return invalid(empty_name);
  base::fault_point("event-broker.event-came");
  auto environment = protocol::Environment::parse(event.env);
  if (!environment) return invalid(environment.error());
  event.env = environment->strings();
  auto admission = queue_.admit(std::move(event), now());
  if (!admission) return std::unexpected(Fault{protocol::error_name::limits_exceeded, admission.error()});
  auto id = admission->event->id;
  if (admission->wanted()) {
    descriptors_.keep(id, std::move(files));
    if (auto written = write_ahead(*admission); !written) {
      descriptors_.forget(id);
      return std::unexpected(written.error());
    }
    base::fault_point("event-broker.event-written");
  }
  execute(queue_.accept(*admission));
  reserve_ids();
  return id;
}

std::expected<void, Fault> EventService::write_ahead(const Queue::Admission& admission) {
  return store_.write_ahead(queue_.written_form(admission)).transform_error([](const std::string& why) {
    return Fault{protocol::error_name::failed, "The event could not be written down: " + why};
  });
}

std::expected<void, Fault> EventService::wait(Session& session, EventId id, sdbus::Result<bool>& result) {
  auto waiter = ++last_waiter_;
  auto outcome = queue_.wait(id, waiter);
  if (!outcome && outcome.error() == Outcomes::Unknown::forgotten)
    return invalid("The outcome of event " + std::to_string(id) + " is no longer known");
  if (!outcome) return invalid("There is no event " + std::to_string(id));
  if (outcome->has_value()) {
    store_.write();
    result.returnResults(**outcome);
    return {};
  }
  waiters_[waiter] = &session;
  session.keep_waiting(waiter, id, std::move(result));
  return {};
}

std::expected<EventRequests::Attached, Fault> EventService::attach(const Origin& from, const std::string& handler,
                                                                   const std::vector<std::string>& events,
                                                                   const std::string& ticket) {
  if (handler.empty() || has_empty(events)) return invalid(empty_name);
  if (auto* present = subscribers_.find(subscribers_.of(from)); present != nullptr && present->handler != handler)
    return invalid("You are attached as " + present->handler + " already");
  if (auto made = make_place(from, handler, ticket); !made) return std::unexpected(made.error());
  auto attached = queue_.attach(handler, events);
  auto gone = [this, subscription = attached.subscription] { detach(subscription); };
  auto& connection = from.session.connection();
  subscribers_.add(attached.subscription,
                   {.handler = handler,
                    .ticket = ticket,
                    .caller = from.caller,
                    .session = &from.session,
                    .subscriber = std::make_unique<Subscriber>(loop_, connection, from.sender, std::move(gone))});
  spdlog::info("{} attached, subscribed to {} events", handler, events.size());
  execute(std::move(attached.effects));
  store_.write(); // what it is told it can rely on, also when this process dies now
  return Attached{std::move(attached.wanted_by_others), std::move(attached.unfinished)};
}

// Of one name there is one handler. Who holds a ticket is displaced only by whoever shows the same one, or when it has
// gone; and the first ticket that was ever shown for a name opens it again.
std::expected<void, Fault> EventService::make_place(const Origin& from, const std::string& handler,
                                                    const std::string& ticket) {
  bool is_first = !ticket.empty() && subscribers_.is_first_ticket(handler, ticket);
  auto subscription = subscribers_.named(handler);
  auto* holder = subscribers_.find(subscription);
  if (holder == nullptr) return {};
  bool same_client = holder->session == &from.session && holder->subscriber->sender() == from.sender;
  bool may = same_client || is_first || holder->ticket.empty() || holder->ticket == ticket ||
             holder->session->other_end_has_gone();
  if (!may)
    return std::unexpected(Fault{protocol::error_name::failed, handler + " is attached already, as process " +
                                                                   std::to_string(holder->caller.pid) +
                                                                   ", which does not give up its place"});
  if (!same_client) {
    spdlog::info("{} (process {}) attaches in place of process {}", handler, from.caller.pid, holder->caller.pid);
    holder->session->post(Displaced{holder->subscriber->sender(), handler});
    flush_soon();
  }
  subscribers_.remove(subscription);
  return {};
}

void EventService::detach(SubscriptionId subscription) {
  auto* entry = subscribers_.find(subscription);
  if (entry == nullptr) return;
  spdlog::info("{} has gone; its events are kept until it attaches again", entry->handler);
  subscribers_.remove(subscription);
  execute(queue_.detach(subscription));
}

std::expected<void, Fault> EventService::subscribe(const Origin& from, const std::vector<std::string>& add,
                                                   const std::vector<std::string>& remove) {
  auto subscription = subscribers_.of(from);
  if (subscription == 0) return invalid("You are not attached as a handler");
  if (has_empty(add)) return invalid(empty_name);
  execute(queue_.subscribe(subscription, add, remove));
  store_.write();
  return {};
}

std::expected<void, Fault> EventService::listen(const Origin& from, const std::vector<std::string>& emitted,
                                                const std::vector<std::string>& finished) {
  if (has_empty(emitted) || has_empty(finished)) return invalid(empty_name);
  listeners_.set(from, EventNames{emitted}, EventNames{finished});
  return {};
}

void EventService::finished(const Origin& from, EventId id, bool failed, JobActions done) {
  execute(queue_.finished(subscribers_.of(from), id, failed, std::move(done), now()));
}

void EventService::record(const Origin& from, const std::string& name, const std::vector<std::string>& env,
                          Emitter emitter) {
  if (name.empty() || protocol::environment_fault(env)) {
    spdlog::warn("an event was recorded that has {}; it is ignored",
                 name.empty() ? "no name" : "an environment not of KEY=VALUE pairs");
    return;
  }
  auto id = queue_.record(name, env, emitter, now());
  if (listeners_.announce(from.session, id, name, env)) flush_soon();
  reserve_ids();
}

void EventService::reserve_ids() {
  if (auto effects = queue_.reserve_ids(); !effects.changes.empty()) execute(std::move(effects));
}

// --- What sessions ask

Subscriber* EventService::subscriber(SubscriptionId subscription) {
  auto* entry = subscribers_.find(subscription);
  return entry == nullptr ? nullptr : entry->subscriber.get();
}

void EventService::undeliverable(const Deliver& deliver) {
  execute(queue_.finished(deliver.to, deliver.event->id, true, {}, now()));
}

// --- What follows

void EventService::execute(Effects effects) {
  for (const auto& change : effects.changes) store_.note(change);
  for (auto& outgoing : effects.outgoing) post(std::move(outgoing));
  if (!effects.changes.empty() || !effects.outgoing.empty()) flush_soon();
}

void EventService::post(Outgoing outgoing) {
  if (const auto* deliver = std::get_if<Deliver>(&outgoing)) {
    if (auto* to = subscribers_.find(deliver->to)) to->session->post(*deliver);
  } else if (const auto* answer = std::get_if<Answer>(&outgoing)) {
    if (auto waiter = waiters_.extract(answer->waiter)) waiter.mapped()->post(*answer);
  } else if (const auto* emitted = std::get_if<Emitted>(&outgoing)) {
    listeners_.post(emitted->event, std::nullopt);
  } else if (const auto* finished = std::get_if<Finished>(&outgoing)) {
    descriptors_.forget(finished->event->id);
    listeners_.post(finished->event, finished->failed);
  }
}

void EventService::flush_soon() {
  if (std::exchange(flush_is_due_, true)) return;
  loop_.defer([this] { flush(); });
}

void EventService::flush() {
  flush_is_due_ = false;
  base::fault_point("event-broker.turn-decided");
  held_ = !store_.write() && !store_.fails_for_long();
  if (held_) return; // whoever is told relies on it; tried again soon
  base::fault_point("event-broker.turn-written");
  if (queue_.views_changed())
    for (auto& view : queue_.take_changed_views())
      if (auto* to = subscribers_.find(view.handler)) to->session->post(std::move(view));
  sessions_.flush();
  base::fault_point("event-broker.turn-sent");
  while (auto* overfull = sessions_.overfull()) {
    spdlog::warn("a connection is closed: its other end does not read");
    hang_up_(*overfull);
  }
}

// A connection has written what it had: its outbox goes on. Deferred, so that the connection sees it before it waits.
void EventService::flush_where_there_is_room() {
  if (!held_ && sessions_.can_go_on()) flush_soon();
}

void EventService::finish_up() {
  bool in_time = true;
  base::Timer limit{loop_, [&] { in_time = false; }};
  limit.start(time_to_finish_up);
  flush();
  while (in_time && !sessions_.all_written()) loop_.run_once();
}

} // namespace upstart::broker
