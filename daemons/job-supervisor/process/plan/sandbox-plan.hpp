// What a child does between fork and exec to confine itself, as a job's sandbox says: an operation for each mount, in
// their order, so that the child only carries them out. What is said when one fails. Pure.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <memory>
#include <string>
#include <vector>

namespace upstart::supervisor {

struct MountOperation {
  enum class Kind : std::uint8_t {
    keep,      // open what is at the path as it is now, for `restore`
    read_only, // it and all that is mounted below it
    empty,     // an empty file system in memory over it, with these options
    restore    // put back what `keep` opened, in the same order
  };
  Kind kind;
  std::string path;
  const char* options = "";    // of mount(8)
  unsigned long flags = 0;     // of mount(2)
  bool may_be_missing = false; // then there is nothing to be done
  const char* stanza = "";     // that wants it
  friend bool operator==(const MountOperation&, const MountOperation&) = default;
};
[[nodiscard]] std::vector<MountOperation> mount_operations(const Sandbox& sandbox);
// Whether what is at this path cannot be seen from within.
[[nodiscard]] bool hides(const Sandbox& sandbox, std::string_view path);

struct SandboxPlan {
  bool no_new_privileges = false;
  CapabilitySet bounding = all_capabilities, ambient = 0;
  bool has_mounts = false; // of its own
  std::vector<MountOperation> mounts;
  std::vector<int> kept;      // room for what `keep` opens
  int namespace_to_join = -1; // one that an earlier process of the instance has made, in the place of `mounts`
  int namespace_socket = -1;  // to which it sends the one that it makes, for later ones
  std::string directory;      // where it is, if it is to stay there
};
// None where the class says nothing of it.
[[nodiscard]] std::unique_ptr<SandboxPlan> plan_sandbox(const JobClass& job_class);

[[nodiscard]] bool is_of_sandbox(SpawnStep step);
// The text after "Failed to spawn JOB PROCESS process: ", with the stanza that the step was for.
[[nodiscard]] SpawnFailure describe_sandbox(const JobClass& job_class, const ChildFailure& failure);

} // namespace upstart::supervisor
