// The job files of a list of directories, read and then watched: reports which class each name has, as files change.
// Owned by the daemon; knows nothing of instances.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/configuration/class-change.hpp"
#include "daemons/job-supervisor/language/parse-job.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace upstart::supervisor {

class Configuration {
public:
  // One call for each burst, from the loop; sorted by name; a file whose text has not changed changes nothing.
  using OnChanges = std::function<void(const std::vector<ClassChange>&)>;
  // Each diagnostic, ready for the log: "PATH:LINE:COLUMN: MESSAGE" and what follows it.
  using OnDiagnostic = std::function<void(Diagnostic::Severity, const std::string&)>;

  // Directories in order of precedence; one that is missing is watched for. Reads nothing yet.
  Configuration(base::EventLoop& loop, const std::vector<std::string>& directories, OnChanges on_changes,
                OnDiagnostic on_diagnostic);
  ~Configuration();

  // Reads everything, reports the changes before it returns, and watches from then on. Called again: a reload.
  void load();
  // The same in parts: finds out which files there are, and watches, but reads none.
  void begin_load();
  // Reads the files of the next so many jobs, in the order of their names, and reports the changes before it returns.
  // False: those were the last.
  bool load_part(std::size_t most);
  // Reads those of this job now, if they have not been read.
  void load_job(const std::string& name);
  // What has been done to the files before this call takes effect before it returns: reports the changes. Costs next to
  // nothing where there are none. A file that is still open for writing, and new, is waited for as ever.
  void settle();
  // What is known of the files of that job, whether it has a class or not: those that are ignored, and for which error.
  [[nodiscard]] std::vector<std::string> faults_of(const std::string& job) const;
  // Of its job files alone, without overrides: why the first of them cannot be read as a job; empty: none that cannot.
  [[nodiscard]] std::string job_file_fault(const std::string& job) const;
  // An override of that name that no job file is there for; empty: none.
  [[nodiscard]] std::string lone_override(const std::string& job) const;
  // A file in one of the directories whose name is that of the job but for the suffix that it lacks; empty: none.
  [[nodiscard]] std::string file_without_suffix(const std::string& job) const;

private:
  class Store;
  std::unique_ptr<Store> store_;
};

} // namespace upstart::supervisor
