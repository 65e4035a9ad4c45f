// The control group that holds all processes of an instance, where the kernel and our rights allow one: a directory of
// the cgroup v2 tree below this process's own. It says who belongs to the job, however the process may have detached
// itself, and ends all of them at once.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace upstart::supervisor {

// All the groups of this supervisor.
class JobGroups {
public:
  // Disabled: as if the kernel had none.
  explicit JobGroups(bool enabled);
  ~JobGroups();
  JobGroups(const JobGroups&) = delete;
  JobGroups& operator=(const JobGroups&) = delete;

  [[nodiscard]] bool available() const { return !base_.empty(); }
  // A directory that was not there before, named after the job and numbered. Empty when it cannot be made.
  [[nodiscard]] std::string create(std::string_view job, std::string_view instance);
  // A group's directory in the short form that instances keep: below this supervisor's own directory without that.
  [[nodiscard]] std::string shortened(std::string path) const;
  // The directory of a group in either form; empty: none.
  [[nodiscard]] std::string path_of(const std::string& group) const;
  // The group of a job, made here or by an earlier supervisor, that the process is in; empty: it is in none.
  [[nodiscard]] std::string find(pid_t process) const;
  // Removes the directory now, or as soon as nobody is in it any more. False where it waits for that.
  bool remove(const std::string& path);
  // Tries again what could not be removed.
  void remove_empty();

private:
  std::string base_;
  unsigned long next_ = 0;
  std::unordered_set<std::string> to_be_removed_;
};

[[nodiscard]] std::vector<pid_t> members_of(const std::string& group);
// SIGKILL for all who are in it, at once and for good: Linux 6.18 was seen to kill also what is cloned into such a
// group later.
void kill_group_for_good(const std::string& group);
// With those of the groups that a job has made within its own.
[[nodiscard]] std::vector<pid_t> members_in_tree_of(const std::string& group);
// SIGKILL for those in it, and in the groups within, that are chosen, one after the other while all are frozen.
void kill_members(const std::string& group, const std::function<bool(pid_t)>& chosen = [](pid_t) { return true; });

} // namespace upstart::supervisor
