// The `cgroup` stanza, CONTROLLER [NAME] [KEY VALUE], and the limits (`memory max` …), which are settings of the same
// groups. Makes the directories in the trees of the controllers, sets what is to be set, and says what a child enters.
// Where a controller is not available, a warning, and the job runs without it.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/process/groups/control-group-mounts.hpp"
#include "daemons/job-supervisor/process/processes.hpp"
#include "protocol/environment.hpp"

#include <expected>
#include <string>
#include <vector>

namespace upstart::supervisor {

struct StanzaGroups {
  std::vector<std::string> directories;          // all that were made or found
  std::string unified;                           // the one of them in the v2 tree, if any
  std::vector<base::FileDescriptor> memberships; // v1: files to write "0" to
  std::vector<std::string> warnings;
};

// `init`: whose daemons may be moved into a group of their own to make room for groups with controllers, where nobody
// else is in theirs; 0: nobody is moved.
[[nodiscard]] std::expected<StanzaGroups, SpawnFailure>
make_stanza_groups(const JobClass& job_class, std::string_view instance, const protocol::Environment& environment,
                   const std::vector<GroupTree>& trees, pid_t init = 0);

// $UPSTART_CGROUP: "upstart/JOB" or "upstart/JOB-INSTANCE".
[[nodiscard]] std::string default_group_name(std::string_view job, std::string_view instance);

// Whether this class has any group to be made.
[[nodiscard]] bool has_groups(const JobClass& job_class);

// The file and value of a setting in a tree.
struct GroupSetting {
  std::string file, value;
  friend bool operator==(const GroupSetting&, const GroupSetting&) = default;
};
// What a setting is in a tree, in the order in which it is to be written: names of v1 that v2 has another word for are
// translated, and those of v2 for v1.
[[nodiscard]] std::vector<GroupSetting> group_settings(std::string_view controller, std::string_view key,
                                                       std::string_view value, bool unified);
// The settings that limits are, in the words of v2. `memory`: the bytes of the machine, of which percentages are.
[[nodiscard]] std::vector<ControlGroup> groups_of(const GroupLimits& limits, std::uint64_t memory);

} // namespace upstart::supervisor
