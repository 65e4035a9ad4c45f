// The processes of one instance and the control groups that they run in, from its first spawn to its end. Owned by the
// instance. On destruction the groups are left: they go when the last process in them has gone.
#pragma once

#include "daemons/base/values/rare.hpp"
#include "daemons/job-supervisor/process/groups/end-scope.hpp"
#include "daemons/job-supervisor/process/groups/job-group.hpp"
#include "daemons/job-supervisor/process/groups/job-members.hpp"
#include "daemons/job-supervisor/process/groups/stanza-groups.hpp"

#include <string>
#include <vector>

namespace upstart::supervisor {

class InstanceMembers {
public:
  // All of them outlive it; `job` and `instance` are the names that the processes are known by.
  InstanceMembers(JobGroups& groups, const Children& children, const std::string& job,
                  const base::Rare<std::string>& instance)
      : groups_{groups}, children_{children}, job_{job}, instance_{instance} {}

  ~InstanceMembers();
  InstanceMembers(const InstanceMembers&) = delete;
  InstanceMembers& operator=(const InstanceMembers&) = delete;

  // What an earlier supervisor knew of them.
  void restore(JobMembers members, std::vector<std::string> stanza_directories);

  // Before each spawn. `since`: ticks since boot, no process of the instance is older; 0: now.
  void begin(std::uint64_t since = 0);
  // The control group for the next process: in the v2 tree that of the job's `cgroup` stanza, where it lies there,
  // else one of its own. The descriptor is that of its directory; none where no group can be had.
  [[nodiscard]] base::FileDescriptor enter(const StanzaGroups& stanza);
  // Takes over the group of a process that an earlier supervisor started and did not write down. Where neither the
  // process nor the group is there any more, the instance's processes are known by session and environment.
  void find_group(pid_t pid);
  void add_spawned(pid_t pid);
  // Later processes get a new group; this one goes when it is empty. False where somebody is in it.
  bool leave_group();
  // True when nobody was in its own group: it has been removed, and later processes get a new one. Costs less than
  // reading who is in it.
  [[nodiscard]] bool remove_empty_own_group() const;

  [[nodiscard]] JobMembers known() const;
  [[nodiscard]] const std::vector<std::string>& stanza_directories() const { return *stanza_directories_; }
  [[nodiscard]] bool ever_spawned() const { return since_ != 0; }
  [[nodiscard]] bool has_group() const { return !group_.empty(); }
  // The directory of its control group; empty: there is none.
  [[nodiscard]] std::string group() const { return groups_.path_of(group_); }
  // Whether its control group holds its processes and no others, as one that the job's class names might.
  [[nodiscard]] bool has_own_group() const;
  // Kills all in its own group that end with the instance, and leaves it. Those that do not are returned.
  [[nodiscard]] std::vector<pid_t> kill_own_group(const EndScope& scope);
  // Those that are not watched, as of now. In a group that the class names only those known by other marks.
  [[nodiscard]] std::vector<pid_t> stray_processes() const;

private:
  JobGroups& groups_;
  const Children& children_;
  const std::string& job_;
  const base::Rare<std::string>& instance_;
  std::string group_;                                       // as JobGroups shortens it
  std::uint64_t since_ = 0;                                 // ticks since boot; 0: nothing was spawned
  base::Rare<std::vector<pid_t>> earlier_sessions_;         // begun by processes that were spawned before the last
  pid_t last_session_ = 0;                                  // begun by the last one; 0: none was spawned
  bool made_here_ = false;                                  // its own group is, and not one of an earlier supervisor
  mutable bool own_group_is_gone_ = false;                  // it was removed as empty, and not left or made anew since
  base::Rare<std::vector<std::string>> stanza_directories_; // made for `cgroup`
};

} // namespace upstart::supervisor
