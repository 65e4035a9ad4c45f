// All classes in force by name, and all instances: by class and name, and by id. More than twenty methods: half of them
// say what has changed, for the memory.
#pragma once

#include "daemons/base/values/flat-map.hpp"
#include "daemons/job-supervisor/jobs/tables/changes.hpp"
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
  void remove(const std::string& name) {
    entries_.erase(name);
    class_changes_.mark(name);
  }

  Job& add_instance(ClassEntry& entry, const Job::World& world, std::string name);
  // As it was written down.
  void restore_instance(ClassEntry& entry, std::unique_ptr<Job> job);
  // The instance is the caller's from now on.
  [[nodiscard]] std::unique_ptr<Job> remove_instance(ClassEntry& entry, const Job& job);

  // What has changed, for the memory: an instance or its processes; a class in force or what its `start on` holds;
  // what is remembered of a class for those who ask why; its runs that are over.
  void mark(JobId job) { job_changes_.mark(job); }
  void mark_holder(const Subscriber& subscriber) {
    if (subscriber.job() != 0) job_changes_.mark(subscriber.job());
    else class_changes_.mark(subscriber.job_name());
  }
  void mark_facts(const std::string& name) { fact_changes_.mark(name); }
  void mark_runs(const std::string& name) { run_changes_.mark(name); }
  [[nodiscard]] Changes<JobId>& job_changes() { return job_changes_; }
  [[nodiscard]] Changes<std::string>& class_changes() { return class_changes_; }
  [[nodiscard]] Changes<std::string>& fact_changes() { return fact_changes_; }
  [[nodiscard]] Changes<std::string>& run_changes() { return run_changes_; }
  // The ids that are consumed.
  [[nodiscard]] JobId last_id() const { return last_id_; }
  void restore_last_id(JobId last) { last_id_ = std::max(last_id_, last); }

private:
  Entries entries_;
  base::FlatMap<JobId, Job*> by_id_;
  Changes<JobId> job_changes_;
  Changes<std::string> class_changes_, fact_changes_, run_changes_;
  JobId last_id_ = 0;
};

} // namespace upstart::supervisor
