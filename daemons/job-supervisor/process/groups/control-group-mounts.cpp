#include "daemons/job-supervisor/process/groups/control-group-mounts.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ranges>

namespace upstart::supervisor {

namespace {

using Fields = std::vector<std::string_view>;

Fields split(std::string_view text, char separator) {
  Fields fields;
  while (true) {
    std::size_t end = std::min(text.find(separator), text.size());
    fields.push_back(text.substr(0, end));
    if (end == text.size()) return fields;
    text.remove_prefix(end + 1);
  }
}

struct Mount {
  std::string_view type, root, directory, options;
};

// "ID PARENT DEVICE ROOT DIRECTORY OPTIONS [TAG…] - TYPE SOURCE SUPER_OPTIONS"
std::optional<Mount> parse_mount(std::string_view line) {
  std::size_t separator = line.find(" - ");
  if (separator == line.npos) return std::nullopt;
  Fields first = split(line.substr(0, separator), ' '), second = split(line.substr(separator + 3), ' ');
  if (first.size() < 5 || second.size() < 3) return std::nullopt;
  return Mount{second[0], first[3], first[4], second[2]};
}

struct Membership {
  Fields controllers; // empty for v2
  std::string_view path;
};

// "NUMBER:CONTROLLERS:PATH"
std::vector<Membership> parse_memberships(std::string_view text) {
  std::vector<Membership> memberships;
  for (std::string_view line : split(text, '\n')) {
    std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    std::string_view controllers = line.substr(first + 1, second - first - 1);
    memberships.push_back({controllers.empty() ? Fields{} : split(controllers, ','), line.substr(second + 1)});
  }
  return memberships;
}

// A mount may show only a part of its tree. Where room was made for groups with controllers, they are beside the
// daemons' own.
std::string directory_in(const Mount& mount, std::string_view path) {
  if (mount.root != "/" && path.starts_with(mount.root)) path.remove_prefix(mount.root.size());
  if (path == "/") path = {};
  if (path.ends_with(daemons_group)) path.remove_suffix(daemons_group.size());
  return std::string{mount.directory} + std::string{path};
}

bool belongs_to(const Mount& mount, const Membership& membership) {
  if (membership.controllers.empty()) return mount.type == "cgroup2";
  if (mount.type != "cgroup") return false;
  Fields options = split(mount.options, ',');
  return std::ranges::all_of(membership.controllers, [&](std::string_view controller) {
    return !controller.contains('=') && std::ranges::contains(options, controller);
  });
}

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

std::vector<GroupTree> parse_group_trees(std::string_view mounts, std::string_view memberships) {
  std::vector<GroupTree> trees;
  auto own = parse_memberships(memberships);
  for (std::string_view line : split(mounts, '\n')) {
    auto mount = parse_mount(line);
    if (!mount) continue;
    for (const Membership& membership : own)
      if (belongs_to(*mount, membership))
        trees.push_back({membership.controllers.empty(),
                         {membership.controllers.begin(), membership.controllers.end()},
                         directory_in(*mount, membership.path)});
  }
  return trees;
}

std::vector<GroupTree> group_trees() {
  auto trees = parse_group_trees(text_of("/proc/self/mountinfo"), text_of("/proc/self/cgroup"));
  for (GroupTree& tree : trees) {
    if (!tree.unified) continue;
    std::string listed = text_of(tree.directory + "/cgroup.controllers");
    for (std::string_view controller : split(std::string_view{listed}.substr(0, listed.find('\n')), ' '))
      if (!controller.empty()) tree.controllers.emplace_back(controller);
  }
  return trees;
}

} // namespace upstart::supervisor
