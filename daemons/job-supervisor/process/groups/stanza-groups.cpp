#include "daemons/job-supervisor/process/groups/stanza-groups.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"
#include "daemons/job-supervisor/process/groups/job-group.hpp"
#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

// A setting of v1 and the same of v2, whose value may count otherwise.
using Translate = std::string (*)(std::string_view);
struct Renamed {
  std::string_view old_file, file;
  Translate to_new = nullptr, to_old = nullptr; // null: the same
};

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} ? std::optional{number} : std::nullopt;
}

// From one scale to another, by what both have for "as others"; what is no number stays.
template <std::uint64_t usual, std::uint64_t new_usual, std::uint64_t least, std::uint64_t most>
std::string scaled(std::string_view text) {
  auto number = number_of(text);
  return number ? std::to_string(std::clamp(*number * new_usual / usual, least, most)) : std::string{text};
}
constexpr Translate shares_to_weight = scaled<1024, 100, 1, 10'000>, weight_to_shares = scaled<100, 1024, 2, 262'144>;
constexpr Translate weight_to_old_weight = scaled<100, 500, 10, 1000>;

std::string unlimited_to_old(std::string_view text) { return text == "max" ? "-1" : std::string{text}; }

constexpr std::array renamed_settings{
    Renamed{"memory.limit_in_bytes", "memory.max", nullptr, unlimited_to_old},
    Renamed{"memory.soft_limit_in_bytes", "memory.high", nullptr, unlimited_to_old},
    Renamed{"memory.memsw.limit_in_bytes", "memory.swap.max", nullptr, unlimited_to_old},
    Renamed{"cpu.shares", "cpu.weight", shares_to_weight, weight_to_shares},
    Renamed{"blkio.weight", "io.weight", nullptr, weight_to_old_weight}};

std::string translated(Translate translate, std::string_view value) {
  return translate != nullptr ? translate(value) : std::string{value};
}

std::string_view controller_in(const GroupTree& tree, std::string_view controller) {
  if (controller == "blkio" && tree.unified) return "io";
  return controller == "io" && !tree.unified ? "blkio" : controller;
}

// "QUOTA PERIOD" of v2, whose period v1 must know first.
std::vector<GroupSetting> old_quota(std::string_view value) {
  auto space = value.find(' ');
  std::vector<GroupSetting> settings;
  if (space != value.npos) settings.emplace_back("cpu.cfs_period_us", std::string{value.substr(space + 1)});
  settings.emplace_back("cpu.cfs_quota_us", unlimited_to_old(value.substr(0, space)));
  return settings;
}

int write_to(const std::string& path, std::string_view text) {
  FileDescriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file) return errno;
  return ::write(file.get(), text.data(), text.size()) < 0 ? errno : 0;
}

const GroupTree* tree_for(std::string_view controller, const std::vector<GroupTree>& trees) {
  for (const GroupTree& tree : trees)
    if (std::ranges::contains(tree.controllers, controller_in(tree, controller))) return &tree;
  return nullptr;
}

bool descends_from(pid_t pid, pid_t ancestor) {
  while (pid > 1 && pid != ancestor) {
    auto facts = facts_of(pid);
    pid = facts ? facts->parent : 0;
  }
  return pid == ancestor;
}

// Moves all processes of a group into one below it, if they are init's. True when nobody is left.
bool make_room(const std::string& group, pid_t init) {
  auto members = members_of(group);
  if (init == 0 || !std::ranges::all_of(members, [&](pid_t pid) { return descends_from(pid, init); })) return false;
  auto below = group + std::string{daemons_group};
  if (::mkdir(below.c_str(), 0755) < 0 && errno != EEXIST) return false;
  for (pid_t pid : members) (void)write_to(below + "/cgroup.procs", std::to_string(pid)); // it may have ended
  return members_of(group).empty();
}

int pass_on(const std::string& group, std::string_view controller, pid_t init) {
  auto file = group + "/cgroup.subtree_control", text = std::format("+{}", controller);
  int error = write_to(file, text);
  return error == EBUSY && make_room(group, init) ? write_to(file, text) : error;
}

// In the v2 tree a controller must be passed on by every group on the way.
int make_directories(const GroupTree& tree, const std::string& name, std::string_view controller, pid_t init) {
  std::filesystem::path directory = tree.directory;
  for (const auto& part : std::filesystem::path{name}.relative_path()) {
    if (part.empty() || part == "." || part == "..") continue;
    if (tree.unified)
      if (int error = pass_on(directory, controller_in(tree, controller), init)) return error;
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

// A limit that this kernel does not have is ignored with a warning, as one whose controller it does not have.
std::expected<void, SpawnFailure> apply_settings(const ControlGroup& group, const GroupTree& tree,
                                                 const std::string& directory, std::vector<std::string>* warnings) {
  for (const auto& [key, value] : group.settings)
    for (const GroupSetting& setting : group_settings(group.controller, key, value, tree.unified)) {
      int error = write_to(directory + "/" + setting.file, setting.value);
      if (error == ENOENT && warnings != nullptr)
        warnings->push_back(
            std::format("{} {}: the kernel has no {}, runs without", group.controller, key, setting.file));
      else if (error != 0)
        return std::unexpected{
            unable_to(std::format("set control group {} to {}", setting.file, setting.value), error)};
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

std::vector<GroupSetting> group_settings(std::string_view controller, std::string_view key, std::string_view value,
                                         bool unified) {
  std::string file =
      key.starts_with(std::format("{}.", controller)) ? std::string{key} : std::format("{}.{}", controller, key);
  if (!unified && file == "cpu.max") return old_quota(value);
  auto renamed = std::ranges::find(renamed_settings, file, unified ? &Renamed::old_file : &Renamed::file);
  if (renamed == renamed_settings.end()) return {{std::move(file), std::string{value}}};
  if (unified) return {{std::string{renamed->file}, translated(renamed->to_new, value)}};
  return {{std::string{renamed->old_file}, translated(renamed->to_old, value)}};
}

std::vector<ControlGroup> groups_of(const GroupLimits& limits, std::uint64_t memory) {
  std::vector<ControlGroup> groups;
  auto add = [&](const char* controller, const char* key, std::string value) {
    if (groups.empty() || groups.back().controller != controller)
      groups.push_back({.controller = controller, .name = {}, .settings = {}});
    groups.back().settings.emplace_back(key, std::move(value));
  };
  auto number = [](std::uint64_t value) { return value == without_limit ? "max" : std::to_string(value); };
  auto size = [&](const MemorySize& value) {
    constexpr std::uint64_t whole = 100;
    return number(value.is_percentage ? memory / whole * value.amount : value.amount);
  };
  if (limits.memory_high) add("memory", "high", size(*limits.memory_high));
  if (limits.memory_max) add("memory", "max", size(*limits.memory_max));
  if (limits.cpu_weight) add("cpu", "weight", std::to_string(*limits.cpu_weight));
  if (limits.cpu_max) add("cpu", "max", std::format("{} {}", number(limits.cpu_max->time), limits.cpu_max->period));
  if (limits.tasks_max) add("pids", "max", number(*limits.tasks_max));
  if (limits.io_weight) add("io", "weight", std::to_string(*limits.io_weight));
  return groups;
}

namespace {

std::uint64_t memory_of_machine() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Makes the groups of one class, one after the other.
class GroupMaker {
public:
  GroupMaker(const JobClass& job_class, std::string_view instance, const protocol::Environment& environment,
             const std::vector<GroupTree>& trees, pid_t init)
      : class_{job_class}, instance_{instance}, environment_{environment}, trees_{trees}, init_{init} {}

  std::expected<StanzaGroups, SpawnFailure> make() && {
    for (const ControlGroup& group : class_.control_groups)
      if (auto made = make_group(group, nullptr); !made) return std::unexpected{made.error()};
    if (!class_.group_limits) return std::move(made_);
    for (ControlGroup& group : groups_of(*class_.group_limits, memory_of_machine())) {
      group.name = name_for_limits(group.controller);
      if (auto made = make_group(group, &made_.warnings); !made) return std::unexpected{made.error()};
    }
    return std::move(made_);
  }

private:
  using Done = std::expected<void, SpawnFailure>;

  // Limits are of the group that its processes are in: one that `cgroup` names, if it does.
  [[nodiscard]] std::string name_for_limits(std::string_view controller) const {
    const GroupTree* tree = tree_for(controller, trees_);
    std::string name;
    for (const ControlGroup& group : class_.control_groups)
      if (tree != nullptr && tree_for(group.controller, trees_) == tree) name = group.name;
    return name;
  }

  Done make_group(const ControlGroup& group, std::vector<std::string>* warnings) {
    auto name = group_name(group, class_.name, instance_, environment_);
    if (!name) return std::unexpected{name.error()};
    const GroupTree* tree = tree_for(group.controller, trees_);
    int error = tree == nullptr ? ENODEV : make_directories(*tree, *name, group.controller, init_);
    if (error != 0) {
      made_.warnings.push_back(std::format("{}: not available here ({}), runs without",
                                           title_of(group, warnings != nullptr),
                                           tree == nullptr ? "no such controller" : why_not(error)));
      return {};
    }
    std::string directory = directory_for(*tree, *name);
    if (auto applied = apply_settings(group, *tree, directory, warnings); !applied)
      return std::unexpected{applied.error()};
    if (!tree->unified && group.controller == "cpuset") fill_cpusets(*tree, directory);
    add_directory(made_, *tree, directory);
    return {};
  }

  // As the job file has it.
  static std::string title_of(const ControlGroup& group, bool is_limit) {
    if (!is_limit) return "cgroup " + group.controller;
    std::string title;
    for (const auto& setting : group.settings)
      title += std::format("{}{} {}", title.empty() ? "" : ", ",
                           group.controller == "pids" ? "tasks" : group.controller, setting.first);
    return title;
  }

  static std::string why_not(int error) {
    std::string text = std::strerror(error);
    if (error == EBUSY)
      return text + ": others than init and its daemons are in their control group, which may not pass it on so";
    if (error == EACCES || error == EPERM || error == EROFS || error == ENOENT)
      return text + ": the control group that init is in is not delegated to it";
    return text;
  }

  const JobClass& class_;
  std::string_view instance_;
  const protocol::Environment& environment_;
  const std::vector<GroupTree>& trees_;
  pid_t init_;
  StanzaGroups made_;
};

} // namespace

bool has_groups(const JobClass& job_class) { return !job_class.control_groups.empty() || job_class.group_limits; }

std::expected<StanzaGroups, SpawnFailure> make_stanza_groups(const JobClass& job_class, std::string_view instance,
                                                             const protocol::Environment& environment,
                                                             const std::vector<GroupTree>& trees, pid_t init) {
  return GroupMaker{job_class, instance, environment, trees, init}.make();
}

} // namespace upstart::supervisor
