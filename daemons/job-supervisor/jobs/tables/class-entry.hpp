// A job class in force under its name, its `start on` at run time, and its instances. When its file changes while there
// are instances, the old class stays for them and for new ones until the last has gone; then the new one takes over.
#pragma once

#include "daemons/job-supervisor/jobs/tables/job-records.hpp"
#include "daemons/job-supervisor/jobs/tables/job.hpp"

namespace upstart::supervisor {

// How the last run of an instance failed that is not there any more.
struct InstanceFailure {
  std::int64_t time = 0; // µs since the epoch
  std::string text;      // "main process terminated with status 4; the job failed"
  friend bool operator==(const InstanceFailure&, const InstanceFailure&) = default;
};

class ClassEntry {
public:
  ClassEntry(EventIndex& index, std::shared_ptr<const JobClass> job_class)
      : class_{std::move(job_class)}, start_on_{index, class_, held_} {}

  [[nodiscard]] const std::string& name() const { return class_->name; }
  [[nodiscard]] const std::shared_ptr<const JobClass>& job_class() const { return class_; }
  [[nodiscard]] Subscriber& start_on() { return start_on_; }
  [[nodiscard]] const Subscriber& start_on() const { return start_on_; }

  using Instances = std::map<std::string, std::unique_ptr<Job>, std::less<>>;
  [[nodiscard]] Instances& instances() { return instances_; }
  [[nodiscard]] const Instances& instances() const { return instances_; }

  // What takes over when the last instance has gone: a class, or (empty pointer) nothing.
  std::optional<std::shared_ptr<const JobClass>> successor;
  // Its conditions name an event that a bridge watches.
  bool watched = false;
  // Why a process of this job could last not be started ("main process: unable to execute: …"); kept when the instance
  // has gone.
  std::unique_ptr<const std::string> spawn_failure;
  // The wait status of the main process that reached the respawn limit last.
  std::optional<int> respawn_limit_end;
  // What was warned of about its processes, the newest last; bounded.
  std::vector<std::string> warnings;
  static constexpr std::size_t most_warnings = 8;
  JobRecords records;
  PastRuns runs;
  // By the name of the instance; each until it is started again, or its failure is forgotten (ResetFailed). Bounded.
  std::map<std::string, InstanceFailure> failures;
  static constexpr std::size_t most_failures = 32;

private:
  std::shared_ptr<const JobClass> class_;
  ExpressionState held_;
  Subscriber start_on_;
  Instances instances_;
};

} // namespace upstart::supervisor
