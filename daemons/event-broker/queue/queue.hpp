// The queue: takes events in order, gives each to the handlers that want it, and finishes it when none of them blocks
// it any more. It decides and tells what has to be done (`Effects`); it knows no bus, no file and no clock.
//
// Invariants. Ids are given out in the order of acceptance. Each handler is given its events in that order. An event is
// pending exactly as long as one of its handlers has not finished it. A handler of a name that was attached once and
// still wants or owes something is remembered while it is away: events are kept for it, and what it was given and had
// not finished is given again when one of that name attaches.
#pragma once

#include "daemons/event-broker/queue/history.hpp"
#include "daemons/event-broker/queue/interest.hpp"
#include "daemons/event-broker/queue/quota.hpp"
#include "daemons/event-broker/values/effects.hpp"

#include <expected>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace upstart::broker {

struct Settings {
  Limits limits;
  std::size_t history = 4096;    // events remembered
  std::size_t failures = 10'000; // failed events whose outcome can be asked for
};

// More than twenty methods: thirteen are what can happen to events and handlers, eight restore one kind of change each,
// the others are steps of these.
class Queue {
public:
  explicit Queue(Settings settings = {});

  // An event that may be accepted. Nothing has changed yet: what handlers want has to be written down before.
  struct Admission {
    EventPointer event;
    std::vector<HandlerId> wanting;
    [[nodiscard]] bool wanted() const { return !wanting.empty(); }
  };
  // The error is the text of LimitsExceeded.
  [[nodiscard]] std::expected<Admission, std::string> admit(std::string name, std::vector<std::string> env,
                                                            Emitter emitter, unsigned files, Time now) const;
  // What to write down before `accept`.
  [[nodiscard]] EventAccepted written_form(const Admission& admission) const;
  Effects accept(const Admission& admission);

  // An event that nobody wanted: ordered and remembered as finished. Nothing is allocated for it.
  EventId record(const std::string& name, const std::vector<std::string>& env, Emitter emitter, Time now);

  struct Attached {
    SubscriptionId subscription = 0;
    std::vector<std::string> wanted_by_others;
    Effects effects;
  };
  Attached attach(const std::string& handler, const std::vector<std::string>& wants);
  Effects subscribe(SubscriptionId subscription, const std::vector<std::string>& add,
                    const std::vector<std::string>& remove);
  // The handler has gone away.
  Effects detach(SubscriptionId subscription);
  // Ignored for an event that this handler does not block.
  Effects finished(SubscriptionId subscription, EventId id, bool failed, JobActions done, Time now);

  enum class Unknown : std::uint8_t { never_given_out, forgotten };
  // The outcome of an event if it has finished; otherwise nothing, and an Answer follows when it does.
  std::expected<std::optional<bool>, Unknown> wait(EventId id, WaiterId waiter);
  void abandon(EventId id, WaiterId waiter);

  // Ids have to be reserved in good time; empty when there are enough.
  Effects reserve_ids();

  struct View {
    SubscriptionId handler = 0;
    std::vector<std::string> wanted_by_others;
  };
  // The handlers for which what others want has changed since the last time.
  [[nodiscard]] bool views_changed() const { return !stale_views_.empty(); }
  std::vector<View> take_changed_views();

  struct PendingEvent {
    EventPointer event;
    std::vector<std::string> blocked_by;
  };
  [[nodiscard]] std::vector<PendingEvent> pending() const;
  [[nodiscard]] std::size_t pending_count() const { return pending_.size(); }
  [[nodiscard]] bool is_pending(EventId id) const { return pending_.contains(id); }
  [[nodiscard]] const History& history() const { return history_; }

  // What an earlier process wrote down, change by change and in order; then reserve_ids.
  void restore(const Change& change);
  // The shortest list of changes that restores this state.
  [[nodiscard]] std::vector<Change> snapshot() const;

private:
  struct Handler {
    std::string name;
    SubscriptionId subscription = 0;
    std::set<std::string> wants;
    std::size_t parts = 0; // in pending events
  };
  // One handler's part in an event.
  struct Delivery {
    HandlerId handler = 0;
    bool given = false; // or perhaps given, before a restart
    bool finished = false;
    bool failed = false;
    JobActions done;
  };
  struct Pending {
    EventPointer event;
    std::vector<Delivery> deliveries;
    std::vector<WaiterId> waiters;
  };
  using PendingEvents = std::map<EventId, Pending>;

  HandlerId handler_named(const std::string& name);
  void want(HandlerId id, const std::string& wanted);
  void unwant(HandlerId id, const std::string& wanted);
  void mark_views(HandlerId changed, const Interest::Others& others);
  void forget_handler(HandlerId id);

  void release(const Pending& pending);
  void hold(const EventPointer& event, const std::vector<HandlerId>& wanting);
  void give(Pending& pending, Delivery& delivery, Effects& effects);
  void finish_delivery(EventId id, Delivery& delivery, bool failed, JobActions done);
  static Delivery* open_delivery(Pending& pending, HandlerId handler);
  void end(PendingEvents::iterator ended, Time now, Effects& effects);
  void admit_to(const Admission& admission, Effects& effects);
  [[nodiscard]] Admission admission_of(Event event) const;
  void remember_failure(EventId id);
  [[nodiscard]] std::vector<std::string> names_of(const std::vector<HandlerId>& handlers) const;

  void restore_kind(const IdsReserved& change);
  void restore_kind(const HandlerAttached& change);
  void restore_kind(const HandlerSubscribed& change);
  void restore_kind(const HandlerForgotten& change);
  void restore_kind(const EventAccepted& change);
  void restore_kind(const HandlerFinished& change);
  void restore_kind(const EventEnded& change);
  void restore_kind(const FailuresForgotten& change);

  Settings settings_;
  Quota quota_;
  History history_;
  Interest interest_;
  PendingEvents pending_;
  std::map<HandlerId, Handler> handlers_;
  std::unordered_map<SubscriptionId, HandlerId> subscriptions_;
  std::set<HandlerId> stale_views_;
  HandlerId last_handler_ = 0;
  SubscriptionId last_subscription_ = 0;
  EventId next_id_ = 1;
  EventId reserved_up_to_ = 0;
  // Events that are neither pending nor here have finished well: only failures need remembering.
  std::set<EventId> failures_;
  EventId forgotten_up_to_ = 0;
};

// Whether the failure of an event of this name emits NAME/failed.
[[nodiscard]] bool fails_aloud(std::string_view name);

} // namespace upstart::broker
