#include "daemons/job-supervisor/process/groups/job-group.hpp"

#include "daemons/job-supervisor/process/children/process-tree.hpp"
#include "daemons/job-supervisor/process/groups/control-group-mounts.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

constexpr std::string_view base_name = "upstart-";
constexpr int most_attempts = 1000;
constexpr int most_waits = 50;

bool write_to(const std::string& path, std::string_view text) {
  FileDescriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// With the groups that a job has made within its own. False while somebody is in one of them.
bool remove_tree(const std::filesystem::path& directory) {
  if (::rmdir(directory.c_str()) == 0 || errno != EBUSY) return true;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{directory, ignored})
    if (entry.is_directory(ignored)) remove_tree(entry.path());
  return ::rmdir(directory.c_str()) == 0;
}

// Whether a process is in the group or in one below it.
bool is_populated(const std::filesystem::path& directory) {
  std::ifstream events{directory / "cgroup.events"};
  for (std::string line; std::getline(events, line);)
    if (line == "populated 0") return false;
  return true;
}

// Whether a group of this name is a supervisor's: "upstart-" and its process id. Others may be anybody's.
bool is_of_supervisor(std::string_view name) {
  auto digits = name.starts_with(base_name) ? name.substr(base_name.size()) : std::string_view{};
  return !digits.empty() && std::ranges::all_of(digits, [](char digit) { return digit >= '0' && digit <= '9'; });
}

// What supervisors that are no more could not remove since their jobs went on. One in which a job still runs is left to
// whoever comes when it has ended: it may have hundreds of groups.
void remove_abandoned(const std::string& directory) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{directory, ignored}) {
    std::string name = entry.path().filename();
    if (!is_of_supervisor(name)) continue;
    std::string pid = name.substr(base_name.size());
    if (::access(("/proc/" + pid).c_str(), F_OK) < 0 && !is_populated(entry.path())) remove_tree(entry.path());
  }
}

// Empty where there is no v2 tree or no right to make groups in it.
std::string make_base() {
  for (const GroupTree& tree : group_trees()) {
    if (!tree.unified) continue;
    remove_abandoned(tree.directory);
    std::string base = tree.directory + "/" + std::string{base_name} + std::to_string(::getpid());
    if (::mkdir(base.c_str(), 0755) == 0 || errno == EEXIST) return base;
  }
  return {};
}

} // namespace

JobGroups::JobGroups(bool enabled) {
  if (enabled) base_ = make_base();
}

JobGroups::~JobGroups() {
  if (!available()) return;
  remove_empty();
  for (int wait = 0; wait < most_waits && !to_be_removed_.empty(); ++wait) { // for those who were killed just now
    ::usleep(1000);
    remove_empty();
  }
  ::rmdir(base_.c_str()); // stays while a job's process is in it
}

std::string JobGroups::create(std::string_view job, std::string_view instance) {
  if (!available()) return {};
  std::string name{job};
  if (!instance.empty()) name.append("-").append(instance);
  std::ranges::replace(name, '/', '_');
  std::ranges::replace(name, '\n', '_');
  constexpr std::size_t most = 200; // of the 255 that a file name may have
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    std::string path = base_ + "/" + name.substr(0, most) + "." + std::to_string(++next_);
    if (::mkdir(path.c_str(), 0755) == 0) return path;
    // A supervisor in another PID namespace does not see this process, and may have removed its directory.
    if (errno == ENOENT && ::mkdir(base_.c_str(), 0755) == 0) continue;
    if (errno != EEXIST) break; // left by somebody who had the same process id
  }
  return {};
}

std::string JobGroups::shortened(std::string path) const {
  bool is_below = available() && path.size() > base_.size() && path.starts_with(base_) && path[base_.size()] == '/';
  return is_below ? path.substr(base_.size() + 1) : std::move(path);
}

std::string JobGroups::path_of(const std::string& group) const {
  return group.empty() || group.starts_with('/') ? group : base_ + '/' + group;
}

std::string JobGroups::find(pid_t process) const {
  if (!available()) return {};
  std::istringstream memberships{process_file(process, "cgroup")};
  for (std::string line; std::getline(memberships, line);) {
    if (!line.starts_with("0::")) continue;
    std::filesystem::path group{line.substr(3)}, supervisor = group.parent_path().filename();
    if (!is_of_supervisor(supervisor.native())) return {};
    auto path = std::filesystem::path{base_}.parent_path() / supervisor / group.filename();
    return ::access(path.c_str(), F_OK) == 0 ? path.native() : std::string{};
  }
  return {};
}

// With the directory of an earlier supervisor, when it was the last one in it.
bool JobGroups::remove(const std::string& path) {
  if (remove_tree(path)) {
    std::filesystem::path parent = std::filesystem::path{path}.parent_path();
    if (parent != base_ && is_of_supervisor(parent.filename().native())) ::rmdir(parent.c_str());
    return true;
  }
  to_be_removed_.insert(path);
  return false;
}

void JobGroups::remove_empty() {
  std::erase_if(to_be_removed_, [](const std::string& path) { return remove_tree(path); });
}

std::vector<pid_t> members_of(const std::string& group) { return pids_listed_in(group + "/cgroup.procs"); }

std::vector<pid_t> members_in_tree_of(const std::string& group) {
  auto pids = members_of(group);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{group, ignored})
    if (entry.is_directory(ignored)) std::ranges::copy(members_of(entry.path()), std::back_inserter(pids));
  return pids;
}

void kill_group_for_good(const std::string& group) {
  if (!write_to(group + "/cgroup.kill", "1")) kill_members(group); // before Linux 5.14
}

// A frozen process cannot fork, but dies. Freezing takes a moment: who is in it is believed when two looks agree.
void kill_members(const std::string& group, const std::function<bool(pid_t)>& chosen) {
  constexpr int most_looks = 100;
  bool frozen = write_to(group + "/cgroup.freeze", "1");
  std::vector<pid_t> before;
  for (int look = 0; look < most_looks; ++look) {
    auto pids = members_in_tree_of(group);
    if (look > 0 && pids == before) break;
    for (pid_t pid : pids)
      if (chosen(pid)) ::kill(pid, SIGKILL);
    before = std::move(pids);
  }
  if (frozen) write_to(group + "/cgroup.freeze", "0");
}

} // namespace upstart::supervisor
