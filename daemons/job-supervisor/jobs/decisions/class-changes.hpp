// What a change of the configuration does: a class comes into force, takes the place of another, waits until the
// instances of the other have gone, or goes.
#pragma once

#include "daemons/job-supervisor/configuration/class-change.hpp"
#include "daemons/job-supervisor/jobs/decisions/bridge-demand.hpp"
#include "daemons/job-supervisor/jobs/decisions/condition-watch.hpp"
#include "daemons/job-supervisor/jobs/decisions/event-matching.hpp"

namespace upstart::supervisor {

class ClassChanges {
public:
  ClassChanges(Core& core, EventMatching& matching, ConditionWatch& watch)
      : core_{core}, matching_{matching}, watch_{watch} {}

  void apply(const std::vector<ClassChange>& changes);
  // As it was in force before this process; nobody is told.
  ClassEntry& restore(std::shared_ptr<const JobClass> job_class);
  // The class that waits for the last instance of this one takes its place.
  void replace_by_successor(const std::string& name);

  // The bridges that classes in force ask for.
  [[nodiscard]] std::vector<std::string> bridges_wanted() const { return demand_.wanted(); }

private:
  void add(std::shared_ptr<const JobClass> job_class);
  void replace(ClassEntry& entry, std::shared_ptr<const JobClass> job_class);
  ClassEntry& put_in_force(std::shared_ptr<const JobClass> job_class);
  void tell_bridges();
  ClassEntry& add_entry(std::shared_ptr<const JobClass> job_class);

  Core& core_;
  EventMatching& matching_;
  ConditionWatch& watch_;
  BridgeDemand demand_;
};

} // namespace upstart::supervisor
