// The queue: takes events in order, gives each to the handlers that want it, and finishes it when none of them blocks
// it any more. It decides and tells what has to be done (`Effects`); it knows no bus, no file and no clock.
//
// Invariants. Ids are given out in the order of acceptance. Each handler is given its events in that order. An event is
// pending exactly as long as one of its handlers has not finished it. A handler of a name that was attached once and
// still wants or owes something is remembered while it is away: events are kept for it, and what it was given and had
// not finished is given again when one of that name attaches. Of one token there is one event.
#pragma once

#include "daemons/event-broker/queue/handlers.hpp"
#include "daemons/event-broker/queue/history.hpp"
#include "daemons/event-broker/queue/outcomes.hpp"
#include "daemons/event-broker/queue/quota.hpp"
#include "daemons/event-broker/queue/tokens.hpp"
#include "daemons/event-broker/values/effects.hpp"

#include <expected>
#include <map>
#include <optional>

namespace upstart::broker {

struct Settings {
  Limits limits;
  std::size_t history = 4096;            // events remembered
  std::size_t history_bytes = 8U << 20U; // and at most as many bytes of them
  std::size_t failures = 10'000;         // failed events whose outcome can be asked for
  std::size_t tokens = 4096;             // tokens of ended events
};

// What somebody wants to emit.
struct NewEvent {
  std::string name;
  std::vector<std::string> env;
  Emitter emitter{};
  unsigned files = 0;
  std::string token{};
};

// More than twenty methods: sixteen are what can happen to events and handlers, nine restore one kind of change each,
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
  // The event that was accepted with this token, if one was and it is still known.
  [[nodiscard]] std::optional<EventId> accepted_with(const std::string& token) const { return tokens_.find(token); }
  // The error is the text of LimitsExceeded.
  [[nodiscard]] std::expected<Admission, std::string> admit(NewEvent event, Time now) const;
  // What to write down before `accept`.
  [[nodiscard]] EventAccepted written_form(const Admission& admission) const;
  Effects accept(const Admission& admission);

  // An event that nobody wanted: ordered and remembered as finished. Nothing is allocated for it.
  EventId record(const std::string& name, const std::vector<std::string>& env, Emitter emitter, Time now);

  struct Attached {
    SubscriptionId subscription = 0;
    std::vector<std::string> wanted_by_others;
    std::vector<EventId> unfinished; // which it is given now, ascending
    Effects effects;
  };
  Attached attach(const std::string& handler, const std::vector<std::string>& wants);
  Effects subscribe(SubscriptionId subscription, const std::vector<std::string>& add,
                    const std::vector<std::string>& remove);
  // The handler has gone away.
  Effects detach(SubscriptionId subscription);
  // Ignored for an event that this handler does not block.
  Effects finished(SubscriptionId subscription, EventId id, bool failed, JobActions done, Time now);

  // The outcome of an event if it has finished; otherwise nothing, and an Answer follows when it does.
  std::expected<std::optional<bool>, Outcomes::Unknown> wait(EventId id, WaiterId waiter);
  void abandon(EventId id, WaiterId waiter);

  // Ids have to be reserved in good time; empty when there are enough.
  Effects reserve_ids();

  // The handlers for which what others want has changed since the last time.
  [[nodiscard]] bool views_changed() const { return handlers_.views_changed(); }
  std::vector<Handlers::View> take_changed_views() { return handlers_.take_changed_views(); }

  struct PendingEvent {
    EventPointer event;
    std::vector<std::string> blocked_by;
  };
  // The first `most` of them (0: all), oldest first.
  [[nodiscard]] std::vector<PendingEvent> pending(std::size_t most = 0) const;
  [[nodiscard]] std::size_t pending_count() const { return pending_.size(); }
  [[nodiscard]] bool is_pending(EventId id) const { return pending_.contains(id); }
  [[nodiscard]] const History& history() const { return history_; }

  // What an earlier process wrote down, change by change and in order; then reserve_ids.
  void restore(const Change& change);
  // Some of what was written down could not be read.
  void restored_with_gaps() { outcomes_.skip_what_may_be_given_out(); }
  // The shortest list of changes that restores this state.
  [[nodiscard]] std::vector<Change> snapshot() const;

private:
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

  void release(const Pending& pending);
  void hold(const EventPointer& event, const std::vector<HandlerId>& wanting);
  void give(Pending& pending, Delivery& delivery, Effects& effects);
  void finish_delivery(EventId id, Delivery& delivery, bool failed, JobActions done);
  static Delivery* open_delivery(Pending& pending, HandlerId handler);
  void end(PendingEvents::iterator ended, Time now, Effects& effects);
  void admit_to(const Admission& admission, Effects& effects);
  [[nodiscard]] Admission admission_of(Event event) const;

  void restore_kind(const IdsReserved& change) { outcomes_.restore(change); }
  void restore_kind(const HandlerAttached& change);
  void restore_kind(const HandlerSubscribed& change);
  void restore_kind(const HandlerForgotten& change);
  void restore_kind(const EventAccepted& change);
  void restore_kind(const HandlerFinished& change);
  void restore_kind(const EventEnded& change);
  void restore_kind(const FailuresForgotten& change) { outcomes_.restore(change); }
  void restore_kind(const TokenRemembered& change);

  Quota quota_;
  History history_;
  Outcomes outcomes_;
  Tokens tokens_;
  Handlers handlers_;
  PendingEvents pending_;
};

// Whether the failure of an event of this name emits NAME/failed.
[[nodiscard]] bool fails_aloud(std::string_view name);

} // namespace upstart::broker
