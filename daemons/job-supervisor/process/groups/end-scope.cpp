#include "daemons/job-supervisor/process/groups/end-scope.hpp"

#include <algorithm>

namespace upstart::supervisor {

namespace {

// Of a process in the middle of its exit, and from then on, the kernel says that it is at the root of each tree of v1:
// asked behind what it said, since the exit may have begun meanwhile.
bool may_have_left_its_groups(pid_t pid) {
  auto facts = facts_of(pid);
  return !facts || facts->ended() || facts->ending;
}

} // namespace

LoginContext login_context_of(pid_t pid, bool with_control_groups) {
  LoginContext context{.audit_session = process_file(pid, "sessionid"), .control_groups = {}};
  if (!with_control_groups) return context;
  context.control_groups = process_file(pid, "cgroup");
  if (may_have_left_its_groups(pid)) context.control_groups.clear();
  return context;
}

EndScope::EndScope(KillMode mode, pid_t process_group, const JobMembers& members, LoginContext main)
    : mode_{mode}, process_group_{process_group}, sessions_{members.sessions}, main_{std::move(main)} {}

void EndScope::write(base::ByteWriter& out) const {
  out.choice(mode_);
  out.number(process_group_);
  out.list(sessions_, [&](pid_t session) { out.number(session); });
  out.text(main_.audit_session);
  out.text(main_.control_groups);
}

EndScope EndScope::read(base::ByteReader& in) {
  EndScope scope;
  scope.mode_ = in.choice(KillMode::process);
  scope.process_group_ = in.number<pid_t>();
  scope.sessions_ = in.list([&] { return in.number<pid_t>(); });
  scope.main_ = {.audit_session = in.text(), .control_groups = in.text()};
  return scope;
}

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
  bool compares_groups = !main_.control_groups.empty();
  LoginContext context = login_context_of(process.pid, compares_groups);
  auto differs = [](const std::string& one, const std::string& of_main) {
    return !one.empty() && !of_main.empty() && one != of_main;
  };
  return differs(context.audit_session, main_.audit_session) || differs(context.control_groups, main_.control_groups);
}

} // namespace upstart::supervisor
