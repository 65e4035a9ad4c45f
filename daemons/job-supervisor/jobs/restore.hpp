// From the records of another process to the tables: classes in force that have instances or hold events, instances and
// their processes, events, emissions, commands, environments, the end of the session. What a record names that is not
// there is left out, so that damage to one costs no other; what is wrong is told to the log.
#pragma once

#include "daemons/job-supervisor/jobs/decisions/class-changes.hpp"

namespace upstart::supervisor {

class Restore {
public:
  Restore(Core& core, ClassChanges& changes, const KeptFiles& files) : core_{core}, changes_{changes}, kept_{files} {}

  // The tables are empty. `files`: the classes as they are in their files now; a class whose text has not changed is
  // taken from there. What is left to be done is in the turn when it returns.
  void take(const Records& records, const std::vector<ClassChange>& files);

private:
  // Each record of a table: what its key names, and its bytes.
  template <typename Action> void for_each(std::string_view table, Action&& action) const;
  // What `read` finds in the bytes; if they are damaged that is told.
  template <typename Value> std::optional<Value> read(std::string_view key, record::Read<Value> value) const;

  void take_single(const Records& records);
  void take_events();
  void take_emissions();
  void take_classes(const std::vector<ClassChange>& files);
  void take_instances();
  void take_instance(JobId id, record::Instance instance);
  void clean(Life& life) const;
  void take_held();
  void take_offers();
  void take_facts();
  void block_events();
  void forget_files_that_nobody_names();
  void resume_waits();
  void arm_kill_timers();
  ClassEntry* entry_of(const std::string& name);
  void leave_classes_that_are_gone(const std::vector<ClassChange>& files);

  Core& core_;
  ClassChanges& changes_;
  const KeptFiles& kept_;
  const Records* records_ = nullptr;
  std::optional<record::Spawn> next_spawn_;
  std::map<std::string, std::shared_ptr<const JobClass>> classes_; // that were in force, by name
};

} // namespace upstart::supervisor
