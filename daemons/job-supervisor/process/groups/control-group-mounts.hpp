// Where the control group trees are mounted, and where in them this process is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

struct GroupTree {
  bool unified = false;                 // cgroup v2
  std::vector<std::string> controllers; // v1: of its mount; v2: those that are to be had there
  std::string directory;                // of this process, or that above the daemons' own group
};

// In v2 only a group without processes passes controllers on: where init's has to, its daemons move into this one.
inline constexpr std::string_view daemons_group = "/daemons.upstart";

// From the texts of /proc/self/mountinfo and /proc/self/cgroup. Pure but for the controllers of v2, left empty.
[[nodiscard]] std::vector<GroupTree> parse_group_trees(std::string_view mounts, std::string_view memberships);
// The trees of this machine, as they are now.
[[nodiscard]] std::vector<GroupTree> group_trees();

} // namespace upstart::supervisor
