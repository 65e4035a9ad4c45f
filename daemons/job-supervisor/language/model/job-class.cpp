#include "daemons/job-supervisor/language/model/job-class.hpp"

namespace upstart::supervisor {

std::string_view name_of(ProcessKind kind) {
  static constexpr std::array<std::string_view, process_kinds> names{"main",      "pre-start", "post-start", "pre-stop",
                                                                     "post-stop", "security",  "tmpfiles"};
  return names[static_cast<std::size_t>(kind)];
}

bool is_helper(ProcessKind kind) { return kind == ProcessKind::security || kind == ProcessKind::tmpfiles; }

bool JobClass::has(ProcessKind kind) const {
  if (kind == ProcessKind::security) return !apparmor_load.empty();
  if (kind == ProcessKind::tmpfiles) return !tmpfiles.empty();
  return command(kind).has_value();
}

Dialect dialect_of(const JobClass& job) { return job.positional_parameters ? Dialect::event_d : Dialect::conf; }

} // namespace upstart::supervisor
