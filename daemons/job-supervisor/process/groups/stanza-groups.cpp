#include "daemons/job-supervisor/process/groups/stanza-groups.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"
#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

struct Renamed {
  std::string_view file, in_unified;
};
constexpr std::array renamed_settings{Renamed{"memory.limit_in_bytes", "memory.max"},
                                      Renamed{"memory.soft_limit_in_bytes", "memory.high"},
                                      Renamed{"memory.memsw.limit_in_bytes", "memory.swap.max"},
                                      Renamed{"cpu.shares", "cpu.weight"}, Renamed{"blkio.weight", "io.weight"}};

std::string_view unified_controller(std::string_view controller) { return controller == "blkio" ? "io" : controller; }

// Shares from 2 to 262144, 1024 being the default, as weights from 1 to 10000, 100 being the default.
std::string weight_of_shares(std::string_view shares) {
  unsigned long number = 0;
  auto [end, error] = std::from_chars(shares.data(), shares.data() + shares.size(), number);
  if (error != std::errc{}) return std::string{shares};
  return std::to_string(std::clamp(number * 100 / 1024, 1UL, 10000UL));
}

int write_to(const std::string& path, std::string_view text) {
  FileDescriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file) return errno;
  return ::write(file.get(), text.data(), text.size()) < 0 ? errno : 0;
}

const GroupTree* tree_for(std::string_view controller, const std::vector<GroupTree>& trees) {
  for (const GroupTree& tree : trees)
    if (std::ranges::contains(tree.controllers, tree.unified ? unified_controller(controller) : controller))
      return &tree;
  return nullptr;
}

// In the v2 tree a controller must be passed on by every group on the way.
int make_directories(const GroupTree& tree, const std::string& name, std::string_view controller) {
  std::filesystem::path directory = tree.directory;
  for (const auto& part : std::filesystem::path{name}.relative_path()) {
    if (part.empty() || part == "." || part == "..") continue;
    if (tree.unified)
      if (int error =
              write_to(directory / "cgroup.subtree_control", std::format("+{}", unified_controller(controller))))
        return error;
    directory /= part;
    if (::mkdir(directory.c_str(), 0755) < 0 && errno != EEXIST) return errno;
  }
  return 0;
}

std::string directory_for(const GroupTree& tree, const std::string& name) {
  std::filesystem::path directory = tree.directory;
  for (const auto& part : std::filesystem::path{name}.relative_path())
    if (!part.empty() && part != "." && part != "..") directory /= part;
  return directory;
}

// A new cpuset of v1 is empty, and nobody can enter it so.
void fill_cpuset(const std::string& directory) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    std::string own, of_parent;
    std::getline(std::ifstream{directory + file}, own);
    std::filesystem::path parent = std::filesystem::path{directory}.parent_path();
    std::getline(std::ifstream{parent.string() + file}, of_parent);
    if (own.empty() && !of_parent.empty()) write_to(directory + file, of_parent);
  }
}

void fill_cpusets(const GroupTree& tree, const std::string& directory) {
  std::vector<std::string> way;
  for (std::filesystem::path at = directory; at.string().size() > tree.directory.size(); at = at.parent_path())
    way.push_back(at);
  for (auto step = way.rbegin(); step != way.rend(); ++step) fill_cpuset(*step);
}

std::expected<std::string, SpawnFailure> group_name(const ControlGroup& group, std::string_view job,
                                                    std::string_view instance, protocol::Environment environment) {
  environment.set("UPSTART_CGROUP", default_group_name(job, instance));
  auto name = expand(group.name.empty() ? "$UPSTART_CGROUP" : std::string_view{group.name}, environment);
  if (!name)
    return std::unexpected{
        SpawnFailure{std::format("unable to name control group \"{}\": {}", group.name, name.error())}};
  return *name;
}

std::expected<void, SpawnFailure> apply_settings(const ControlGroup& group, const GroupTree& tree,
                                                 const std::string& directory) {
  for (const auto& [key, value] : group.settings) {
    GroupSetting setting = group_setting(group.controller, key, value, tree.unified);
    if (int error = write_to(directory + "/" + setting.file, setting.value))
      return std::unexpected{unable_to(std::format("set control group {} to {}", setting.file, setting.value), error)};
  }
  return {};
}

void add_directory(StanzaGroups& groups, const GroupTree& tree, const std::string& directory) {
  if (std::ranges::contains(groups.directories, directory)) return;
  groups.directories.push_back(directory);
  if (tree.unified) groups.unified = directory;
  else groups.memberships.emplace_back(::open((directory + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
}

} // namespace

std::string default_group_name(std::string_view job, std::string_view instance) {
  std::string name{job};
  if (!instance.empty()) name.append("-").append(instance);
  std::ranges::replace(name, '/', '_');
  return "upstart/" + name;
}

GroupSetting group_setting(std::string_view controller, std::string_view key, std::string_view value, bool unified) {
  std::string file =
      key.starts_with(std::format("{}.", controller)) ? std::string{key} : std::format("{}.{}", controller, key);
  if (!unified) return {file, std::string{value}};
  auto renamed = std::ranges::find(renamed_settings, file, &Renamed::file);
  if (renamed == renamed_settings.end()) return {file, std::string{value}};
  bool shares = renamed->file == "cpu.shares";
  return {std::string{renamed->in_unified}, shares ? weight_of_shares(value) : std::string{value}};
}

std::expected<StanzaGroups, SpawnFailure> make_stanza_groups(const JobClass& job_class, std::string_view instance,
                                                             const protocol::Environment& environment,
                                                             const std::vector<GroupTree>& trees) {
  StanzaGroups groups;
  for (const ControlGroup& group : job_class.control_groups) {
    auto name = group_name(group, job_class.name, instance, environment);
    if (!name) return std::unexpected{name.error()};
    const GroupTree* tree = tree_for(group.controller, trees);
    int error = tree == nullptr ? ENODEV : make_directories(*tree, *name, group.controller);
    if (error != 0) {
      groups.warnings.push_back(
          std::format("cgroup {}: not to be had here ({}), runs without", group.controller, std::strerror(error)));
      continue;
    }
    std::string directory = directory_for(*tree, *name);
    if (auto applied = apply_settings(group, *tree, directory); !applied) return std::unexpected{applied.error()};
    if (!tree->unified && group.controller == "cpuset") fill_cpusets(*tree, directory);
    add_directory(groups, *tree, directory);
  }
  return groups;
}

} // namespace upstart::supervisor
