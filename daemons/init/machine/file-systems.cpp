#include "daemons/init/machine/file-systems.hpp"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <format>

namespace upstart::init {

namespace {

struct FileSystem {
  const char* type;
  const char* place;
  unsigned long flags;
  const char* options;
  long magic; // of what is mounted there; 0: anything will do
};
constexpr unsigned long closed = MS_NODEV | MS_NOEXEC | MS_NOSUID;
constexpr std::array file_systems{
    FileSystem{"proc", "/proc", closed, nullptr, PROC_SUPER_MAGIC},
    FileSystem{"sysfs", "/sys", closed, nullptr, SYSFS_MAGIC},
    FileSystem{"devtmpfs", "/dev", MS_NOSUID, "mode=0755", 0},
    FileSystem{"devpts", "/dev/pts", MS_NOEXEC | MS_NOSUID, "mode=0620,gid=5", DEVPTS_SUPER_MAGIC},
    FileSystem{"tmpfs", "/run", MS_NODEV | MS_NOSUID, "mode=0755", 0},
};

struct Node {
  const char* path;
  mode_t mode;
  unsigned major, minor;
};
constexpr std::array nodes{
    Node{"/dev/console", 0600, 5, 1}, Node{"/dev/null", 0666, 1, 3},   Node{"/dev/zero", 0666, 1, 5},
    Node{"/dev/full", 0666, 1, 7},    Node{"/dev/random", 0666, 1, 8}, Node{"/dev/urandom", 0666, 1, 9},
    Node{"/dev/tty", 0666, 5, 0},     Node{"/dev/ptmx", 0666, 5, 2},   Node{"/dev/kmsg", 0644, 1, 11},
};

struct Link {
  const char* path;
  const char* target;
};
constexpr std::array links{
    Link{"/dev/fd", "/proc/self/fd"},
    Link{"/dev/stdin", "/proc/self/fd/0"},
    Link{"/dev/stdout", "/proc/self/fd/1"},
    Link{"/dev/stderr", "/proc/self/fd/2"},
};

std::string because(std::string_view what, const char* path) {
  return std::format("unable to {} {}: {}", what, path, std::strerror(errno));
}

bool is_mounted(const FileSystem& wanted) {
  struct statfs found{};
  if (wanted.magic != 0) return ::statfs(wanted.place, &found) == 0 && found.f_type == wanted.magic;
  struct stat place{};
  struct stat root{};
  return ::stat(wanted.place, &place) == 0 && ::stat("/", &root) == 0 && place.st_dev != root.st_dev;
}

// Where the kernel knows no devtmpfs, or may not show it here, an empty file system takes the nodes.
bool mount(const FileSystem& wanted) {
  if (::mount(wanted.type, wanted.place, wanted.type, wanted.flags, wanted.options) == 0) return true;
  int error = errno;
  if (std::string_view{wanted.type} == "devtmpfs" &&
      ::mount("dev", wanted.place, "tmpfs", wanted.flags, wanted.options) == 0)
    return true;
  errno = error;
  return false;
}

bool is_there(const char* path) {
  struct stat found{};
  return ::lstat(path, &found) == 0;
}

} // namespace

std::vector<std::string> complete_file_systems() {
  std::vector<std::string> faults;
  auto before = ::umask(0);
  for (const auto& wanted : file_systems) {
    if (is_mounted(wanted)) continue;
    if (!is_there(wanted.place)) (void)::mkdir(wanted.place, 0755); // what is wrong, mounting tells
    if (!mount(wanted)) faults.push_back(because(std::format("mount {} on", wanted.type), wanted.place));
  }
  for (const auto& node : nodes)
    if (!is_there(node.path) && ::mknod(node.path, S_IFCHR | node.mode, ::makedev(node.major, node.minor)) < 0)
      faults.push_back(because("make the device node", node.path));
  for (const auto& link : links)
    if (!is_there(link.path) && ::symlink(link.target, link.path) < 0)
      faults.push_back(because("make the link", link.path));
  ::umask(before);
  return faults;
}

} // namespace upstart::init
