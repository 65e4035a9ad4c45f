// What a handled event does: it is offered to every expression that matches it, and whoever's expression has become
// true acts (events.md): first each instance's `stop on`, then its class's `start on`, class after class by name.
#pragma once

#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

namespace upstart::supervisor {

class EventMatching {
public:
  EventMatching(Core& core, JobSteps& steps) : core_{core}, steps_{steps} {}

  void handle(EventId id, Event event);
  // The events that a half-true expression held are offered to the one that took its place, which blocks them instead.
  void offer_again(Subscriber& subscriber, const std::vector<EventId>& held);
  // The expression holds this event since before.
  void hold(Subscriber& subscriber, std::uint32_t leaf, EventId id, Event event);

private:
  void offer(Subscriber& subscriber, std::uint32_t leaf, EventId event);
  void act(Subscriber& subscriber);
  void stop(Job& job, const std::vector<EventId>& events);
  [[nodiscard]] bool comes_too_late(const JobClass& job_class, const std::vector<EventId>& events) const;
  void start(ClassEntry& entry, const std::vector<EventId>& events);
  [[nodiscard]] StartParameters start_parameters(const JobClass& job_class, const std::vector<EventId>& events) const;
  [[nodiscard]] std::string names_of(const std::vector<EventId>& events) const;
  [[nodiscard]] std::string told_of(const std::vector<EventId>& events) const; // for records
  void note(const std::vector<EventId>& events, const char* operation, const Job& job);

  Core& core_;
  JobSteps& steps_;
};

} // namespace upstart::supervisor
