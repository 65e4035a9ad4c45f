#include "daemons/job-supervisor/language/job-class.hpp"

namespace upstart::supervisor {

std::string_view name_of(ProcessKind kind) {
  static constexpr std::array<std::string_view, process_kinds> names{"main",     "pre-start", "post-start",
                                                                     "pre-stop", "post-stop", "security"};
  return names[static_cast<std::size_t>(kind)];
}

} // namespace upstart::supervisor
