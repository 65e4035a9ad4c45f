// The `cgroup` stanza: CONTROLLER [NAME] [KEY VALUE]. Makes the directories in the trees of the controllers, sets what
// is to be set, and says what a child enters. Where a controller is not to be had, a warning, and the job runs without
// it.
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

[[nodiscard]] std::expected<StanzaGroups, SpawnFailure> make_stanza_groups(const JobClass& job_class,
                                                                           std::string_view instance,
                                                                           const protocol::Environment& environment,
                                                                           const std::vector<GroupTree>& trees);

// $UPSTART_CGROUP: "upstart/JOB" or "upstart/JOB-INSTANCE".
[[nodiscard]] std::string default_group_name(std::string_view job, std::string_view instance);

// The file and value of a setting in a tree; v1 names that v2 has another word for are translated.
struct GroupSetting {
  std::string file, value;
  friend bool operator==(const GroupSetting&, const GroupSetting&) = default;
};
[[nodiscard]] GroupSetting group_setting(std::string_view controller, std::string_view key, std::string_view value,
                                         bool unified);

} // namespace upstart::supervisor
