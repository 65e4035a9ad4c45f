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

std::string_view name_of(RecordKind kind) {
  constexpr std::string_view names[]{"started", "not started", "stopped",   "done",
                                     "ended",   "killed",      "respawned", "reset"};
  return names[static_cast<std::size_t>(kind)];
}

} // namespace upstart::supervisor
