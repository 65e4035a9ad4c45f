// What the configuration reports to the jobs: a class that is new or has changed, or a name that no longer has one.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"

#include <memory>
#include <string>

namespace upstart::supervisor {

struct ClassChange {
  std::string name;
  std::shared_ptr<const JobClass> job_class; // empty: gone
};

} // namespace upstart::supervisor
