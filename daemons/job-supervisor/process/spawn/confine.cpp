#include "daemons/job-supervisor/process/spawn/confine.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using Kind = MountOperation::Kind;

int result(long value) { return value < 0 ? errno : 0; }

// In a session the process stays in the directory that the supervisor is in, as far as it is there.
int return_to_directory(const SandboxPlan& plan) {
  if (plan.directory.empty() || ::chdir(plan.directory.c_str()) == 0) return 0;
  return result(::chdir("/"));
}

int make_read_only(const char* path) {
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  bool is_root = path[0] == '/' && path[1] == '\0';
  if (!is_root && ::mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) < 0) return errno;
  return result(::mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &read_only, sizeof read_only));
}

// -1 in its place where nothing is there.
int keep(SandboxPlan& plan, const char* path) {
  int fd = ::open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  int error = result(fd);
  plan.kept.push_back(fd); // there is room
  return error;
}

int restore(SandboxPlan& plan, std::size_t& next, const char* path) {
  int fd = plan.kept[next++];
  if (fd < 0) return ENOENT;
  int error = result(::move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS));
  ::close(fd);
  return error;
}

int carry_out(SandboxPlan& plan, const MountOperation& operation, std::size_t& next_kept) {
  const char* path = operation.path.c_str();
  switch (operation.kind) {
  case Kind::keep: return keep(plan, path);
  case Kind::read_only: return make_read_only(path);
  case Kind::empty: return result(::mount("tmpfs", path, "tmpfs", operation.flags, operation.options));
  case Kind::restore: return restore(plan, next_kept, path);
  }
  return 0;
}

// The descriptor stays in the socket until somebody asks for it.
int send_namespace(int socket, int fd) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  return result(::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

struct Capabilities {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
  int get() { return result(::syscall(SYS_capget, &header, sets)); }
  int set() { return result(::syscall(SYS_capset, &header, sets)); }
};

std::uint32_t half_of(CapabilitySet set, unsigned which) {
  constexpr unsigned bits = 32;
  return static_cast<std::uint32_t>(set >> (which * bits));
}

} // namespace

int enter_mount_namespace(SandboxPlan& plan, const char* root) {
  if (!plan.has_mounts) return 0;
  if (plan.namespace_to_join >= 0) {
    if (::setns(plan.namespace_to_join, CLONE_NEWNS) < 0) return errno;
    return return_to_directory(plan);
  }
  if (::unshare(CLONE_NEWNS) < 0) return errno;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) < 0) return errno;
  if (root[0] != '\0' && ::mount(root, root, nullptr, MS_BIND | MS_REC, nullptr) < 0) return errno;
  if (plan.namespace_socket < 0) return 0;
  // Opened now, since there may be no /proc in the new root; handed on when it is whole.
  plan.namespace_to_join = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  return result(plan.namespace_to_join);
}

int make_mounts(SandboxPlan& plan, int& operation) {
  bool are_there = plan.namespace_to_join >= 0 && plan.namespace_socket < 0;
  if (!plan.has_mounts || are_there) return 0;
  std::size_t next_kept = 0;
  for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
    operation = static_cast<int>(i);
    int error = carry_out(plan, plan.mounts[i], next_kept);
    if (error != 0 && !(error == ENOENT && plan.mounts[i].may_be_missing)) return error;
  }
  if (plan.namespace_socket >= 0)
    if (int error = send_namespace(plan.namespace_socket, plan.namespace_to_join)) return error;
  return return_to_directory(plan);
}

int drop_from_bounding_set(const SandboxPlan& plan) {
  constexpr unsigned most = 64;
  if (plan.bounding != all_capabilities) {
    for (unsigned capability = 0; capability < most; ++capability) {
      int is_in_set = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
      if (is_in_set < 0) break; // the kernel has no more
      bool stays = (plan.bounding >> capability & 1U) != 0;
      if (is_in_set > 0 && !stays && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return errno;
    }
    Capabilities own;
    if (int error = own.get()) return error;
    for (unsigned half = 0; half < _LINUX_CAPABILITY_U32S_3; ++half)
      own.sets[half].inheritable &= half_of(plan.bounding, half);
    if (int error = own.set()) return error;
  }
  return plan.ambient != 0 ? result(::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)) : 0;
}

int raise_ambient_set(const SandboxPlan& plan) {
  constexpr unsigned most = 64;
  if (plan.ambient == 0) return 0;
  Capabilities own;
  if (int error = own.get()) return error;
  for (unsigned half = 0; half < _LINUX_CAPABILITY_U32S_3; ++half) {
    auto wanted = half_of(plan.ambient, half);
    if ((own.sets[half].permitted & wanted) != wanted) return EPERM;
    own.sets[half].inheritable |= wanted;
    own.sets[half].effective = own.sets[half].permitted;
  }
  if (int error = own.set()) return error;
  for (unsigned capability = 0; capability < most; ++capability)
    if ((plan.ambient >> capability & 1U) != 0 && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
      return errno;
  return 0;
}

int forbid_new_privileges(const SandboxPlan& plan) {
  return plan.no_new_privileges ? result(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) : 0;
}

} // namespace upstart::supervisor
