#include "daemons/job-supervisor/jobs/tables/class-table.hpp"

#include <algorithm>

namespace upstart::supervisor {

ClassEntry* ClassTable::find(std::string_view name) const {
  auto found = entries_.find(std::string{name});
  return found == entries_.end() ? nullptr : found->second.get();
}

Job* ClassTable::find(std::string_view name, std::string_view instance) const {
  auto* entry = find(name);
  if (entry == nullptr) return nullptr;
  auto found = entry->instances().find(instance);
  return found == entry->instances().end() ? nullptr : found->second.get();
}

Job* ClassTable::find(JobId id) const {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<ClassEntry*> ClassTable::sorted() const {
  std::vector<ClassEntry*> entries;
  entries.reserve(entries_.size());
  for (const auto& [_, entry] : entries_) entries.push_back(entry.get());
  std::ranges::sort(entries, {}, [](const ClassEntry* entry) -> const std::string& { return entry->name(); });
  return entries;
}

std::vector<Job*> ClassTable::instances() const {
  std::vector<Job*> jobs;
  jobs.reserve(by_id_.size());
  for (const auto& [_, entry] : entries_)
    for (const auto& [__, job] : entry->instances()) jobs.push_back(job.get());
  return jobs;
}

ClassEntry& ClassTable::add(EventIndex& index, std::shared_ptr<const JobClass> job_class) {
  auto name = job_class->name;
  return *entries_.emplace(std::move(name), std::make_unique<ClassEntry>(index, std::move(job_class))).first->second;
}

Job& ClassTable::add_instance(ClassEntry& entry, const Job::World& world, std::string name) {
  auto job = std::make_unique<Job>(world, ++last_id_, entry.job_class(), name);
  auto& added = *job;
  entry.instances().emplace(std::move(name), std::move(job));
  by_id_.emplace(added.id(), &added);
  mark(added.id());
  return added;
}

void ClassTable::restore_instance(ClassEntry& entry, std::unique_ptr<Job> job) {
  restore_last_id(job->id());
  by_id_.emplace(job->id(), job.get());
  entry.instances().emplace(job->instance(), std::move(job));
}

std::unique_ptr<Job> ClassTable::remove_instance(ClassEntry& entry, const Job& job) {
  by_id_.erase(job.id());
  mark(job.id());
  auto node = entry.instances().extract(job.instance());
  return std::move(node.mapped());
}

} // namespace upstart::supervisor
