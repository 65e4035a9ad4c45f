// All classes in force by name, and all instances: by class and name, and by id.
#pragma once

#include "daemons/job-supervisor/jobs/tables/class-entry.hpp"

namespace upstart::supervisor {

class ClassTable {
public:
  using Entries = std::unordered_map<std::string, std::unique_ptr<ClassEntry>>;

  // Nothing where there is none of that name. Pointers stay good until the class or the instance is removed.
  [[nodiscard]] ClassEntry* find(std::string_view name) const;
  [[nodiscard]] Job* find(std::string_view name, std::string_view instance) const;
  [[nodiscard]] Job* find(JobId id) const;
  [[nodiscard]] const Entries& all() const { return entries_; }
  // In the order of their names.
  [[nodiscard]] std::vector<ClassEntry*> sorted() const;
  [[nodiscard]] std::vector<Job*> instances() const;
  [[nodiscard]] std::size_t instance_count() const { return by_id_.size(); }

  // There is no class of that name yet.
  ClassEntry& add(EventIndex& index, std::shared_ptr<const JobClass> job_class);
  // It has no instances.
  void remove(const std::string& name) { entries_.erase(name); }

  Job& add_instance(ClassEntry& entry, const Job::World& world, std::string name);
  // The instance is the caller's from now on.
  [[nodiscard]] std::unique_ptr<Job> remove_instance(ClassEntry& entry, const Job& job);

private:
  Entries entries_;
  std::unordered_map<JobId, Job*> by_id_;
  JobId last_id_ = 0;
};

} // namespace upstart::supervisor
