// What bridges watch: the conditions of jobs that name their event, and how many instances of those jobs there are. A
// bridge of many events watches a pattern of their names (protocol/event-pattern.hpp).
#pragma once

#include "daemons/job-supervisor/jobs/core/core.hpp"

#include <set>

namespace upstart::supervisor {

class ConditionWatch {
public:
  // `run_turn` writes down what is watched.
  ConditionWatch(Core& core, std::function<void()> run_turn) : core_{core}, run_turn_{std::move(run_turn)} {}

  // From now on, changes of conditions on this event and the activity of jobs that have some are told. The jobs that
  // have some now, by name.
  [[nodiscard]] std::vector<ClassEntry*> watch(const std::string& event);
  // The jobs that have conditions on this event now, by name; nothing is remembered.
  [[nodiscard]] std::vector<ClassEntry*> jobs_naming(const std::string& event) const;
  [[nodiscard]] const std::set<std::string>& watched_events() const { return core_.watched_events; }

  // The conditions of a class on events as bridges are told them: references to what its `env` says are expanded, as
  // they are when events are matched; others are left as they are.
  [[nodiscard]] EventExpression for_bridges(const JobClass& job_class, const EventExpression& expression) const;
  // A bridge offers these sockets to the job, in place of what it offered before: SocketOffers::take.
  [[nodiscard]] std::vector<std::string> offer(const ClassEntry& entry, std::vector<SocketOffer> offers);

  // A class has come into force.
  void mark(ClassEntry& entry) const;
  // A class has taken the place of another; either may be missing.
  void tell_change(const std::string& job, const JobClass* before, const JobClass* after);

private:
  Core& core_;
  std::function<void()> run_turn_;
};

} // namespace upstart::supervisor
