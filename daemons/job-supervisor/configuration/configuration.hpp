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
  // Each diagnostic, ready to print: "PATH:LINE:COLUMN: MESSAGE" and what follows it.
  using OnDiagnostic = std::function<void(const std::string&)>;

  // Directories in order of precedence; one that is missing is watched for. Reads nothing yet.
  Configuration(base::EventLoop& loop, const std::vector<std::string>& directories, OnChanges on_changes,
                OnDiagnostic on_diagnostic);
  ~Configuration();

  // Reads everything, reports the changes before it returns, and watches from then on. Called again: a reload.
  void load();

private:
  class Store;
  std::unique_ptr<Store> store_;
};

} // namespace upstart::supervisor
