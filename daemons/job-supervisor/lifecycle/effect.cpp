#include "daemons/job-supervisor/lifecycle/effect.hpp"

namespace upstart::supervisor {

std::string_view name_of(JobEvent event) {
  switch (event) {
  case JobEvent::starting: return "starting";
  case JobEvent::started: return "started";
  case JobEvent::stopping: return "stopping";
  case JobEvent::stopped: return "stopped";
  }
  return "";
}

} // namespace upstart::supervisor
