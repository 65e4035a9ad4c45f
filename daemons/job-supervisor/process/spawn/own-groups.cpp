#include "daemons/job-supervisor/process/spawn/own-groups.hpp"

#include "daemons/job-supervisor/process/spawn/accounts.hpp"

#include <unistd.h>

namespace upstart::supervisor {

std::optional<OwnGroups::File> OwnGroups::look_at(const char* path) {
  struct stat status{};
  if (::stat(path, &status) < 0) return std::nullopt;
  return File{
      .device = status.st_dev,
      .number = status.st_ino,
      .size = status.st_size,
      .changed = {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec}};
}

// The files are looked at first: what changes while they are read is read with the next start.
OwnGroups::Groups OwnGroups::current() {
  std::array now{look_at("/etc/passwd"), look_at("/etc/group")};
  if (groups_ && now == files_) return groups_;
  GroupList list;
  std::array<char, 256> buffer;
  auto user = name_of_user(::geteuid(), buffer);
  if (user.empty()) list.add(::getegid());
  else find_groups_of(user, ::getegid(), false, list);
  groups_ = std::make_shared<const std::vector<gid_t>>(list.groups.begin(),
                                                       list.groups.begin() + static_cast<std::ptrdiff_t>(list.count));
  files_ = now;
  return groups_;
}

} // namespace upstart::supervisor
