#include "daemons/job-supervisor/process/groups/end-scope.hpp"

#include <algorithm>

namespace upstart::supervisor {

LoginContext login_context_of(pid_t pid) {
  return {.audit_session = process_file(pid, "sessionid"), .control_groups = process_file(pid, "cgroup")};
}

EndScope::EndScope(KillMode mode, pid_t process_group, const JobMembers& members, bool own_group, LoginContext main)
    : mode_{mode},
      process_group_{process_group},
      sessions_{members.sessions},
      own_group_{own_group},
      main_{std::move(main)} {}

bool EndScope::includes(const ProcessFacts& process) const {
  switch (mode_) {
  case KillMode::process: return false;
  case KillMode::group: return process.group == process_group_;
  case KillMode::all: return !is_login(process);
  }
  return true;
}

// A session without its leader has lost its terminal; what others of it have is looked at then.
bool EndScope::is_login(const ProcessFacts& process) const {
  if (std::ranges::contains(sessions_, process.session)) return false;
  auto leader = process.session == process.pid ? std::nullopt : facts_of(process.session);
  if ((leader ? *leader : process).terminal != 0) return true;
  LoginContext context = login_context_of(process.pid);
  if (!context.audit_session.empty() && context.audit_session != main_.audit_session) return true;
  return !own_group_ && !context.control_groups.empty() && context.control_groups != main_.control_groups;
}

} // namespace upstart::supervisor
