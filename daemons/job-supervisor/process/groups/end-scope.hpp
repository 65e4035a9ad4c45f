// Which processes of an instance end with it: what `kill mode` says, login sessions excepted. A login session is one
// that a daemon of the job has opened for a user, as sshd does: its leader has a controlling terminal of its own, or
// its audit session is not main's, or it was moved to another control group. Even `kill mode all` leaves it alone.
#pragma once

#include "daemons/base/bytes.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/process/groups/job-members.hpp"

#include <string>
#include <vector>

namespace upstart::supervisor {

// Where the kernel has put a process: what a login changes. What is empty is not known, and not compared.
struct LoginContext {
  std::string audit_session;  // of /proc/PID/sessionid; the kernel may have no audit
  std::string control_groups; // of /proc/PID/cgroup
};
// Of one that ends, or has ended, the control groups are not known.
[[nodiscard]] LoginContext login_context_of(pid_t pid, bool with_control_groups);

// A value: it holds after the instance has gone.
class EndScope {
public:
  // `process_group` is that of main.
  EndScope(KillMode mode, pid_t process_group, const JobMembers& members, LoginContext main);

  // Whether this process, which belongs to the instance, ends with it.
  [[nodiscard]] bool includes(const ProcessFacts& process) const;
  // For the notes of an instance.
  void write(base::ByteWriter& out) const;
  [[nodiscard]] static EndScope read(base::ByteReader& in);
  [[nodiscard]] KillMode mode() const { return mode_; }
  [[nodiscard]] pid_t process_group() const { return process_group_; }

private:
  EndScope() = default;
  [[nodiscard]] bool is_login(const ProcessFacts& process) const;

  KillMode mode_ = KillMode::all;
  pid_t process_group_ = 0;
  std::vector<pid_t> sessions_; // begun by processes that were spawned for the instance: none of them is a login
  LoginContext main_;
};

} // namespace upstart::supervisor
