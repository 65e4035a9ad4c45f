#include "daemons/file-bridge/watching/files-on-disk.hpp"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

namespace upstart::file_bridge {

namespace {

struct BlindKind {
  std::uint32_t magic;
  const char* name;
};
// statfs(2).
constexpr std::array blind_kinds{
    BlindKind{0x6969, "NFS"},         BlindKind{0x65735546, "FUSE"}, BlindKind{0x9fa0, "proc"},
    BlindKind{0x62656572, "sysfs"},   BlindKind{0xff534d42, "CIFS"}, BlindKind{0xfe534d42, "SMB"},
    BlindKind{0x01021997, "9P"},      BlindKind{0x00c36400, "Ceph"}, BlindKind{0x5346414f, "AFS"},
    BlindKind{0x73757245, "Coda"},    BlindKind{0x27e0eb, "cgroup"}, BlindKind{0x63677270, "cgroup"},
    BlindKind{0x64626720, "debugfs"},
};

} // namespace

std::optional<FileState> FilesOnDisk::state_of(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) < 0) return std::nullopt;
  if (struct stat target{}; S_ISLNK(status.st_mode) && ::stat(path.c_str(), &target) == 0 && S_ISDIR(target.st_mode))
    status = target;
  FileState state{.is_directory = S_ISDIR(status.st_mode), .device = status.st_dev, .inode = status.st_ino};
  if (state.is_directory) return state; // its size and time are those of what is in it
  constexpr std::int64_t ns_per_second = 1'000'000'000;
  state.size = static_cast<std::uint64_t>(status.st_size);
  state.changed_ns = status.st_mtim.tv_sec * ns_per_second + status.st_mtim.tv_nsec;
  return state;
}

std::vector<std::string> FilesOnDisk::names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry{directory, error}, end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename());
  return names;
}

std::string blind_file_system(const std::string& path) {
  std::filesystem::path place{path};
  struct statfs status{};
  while (::statfs(place.c_str(), &status) < 0) {
    if ((errno != ENOENT && errno != ENOTDIR) || place == place.parent_path()) return {};
    place = place.parent_path();
  }
  auto magic = static_cast<std::uint32_t>(status.f_type);
  auto kind = std::ranges::find(blind_kinds, magic, &BlindKind::magic);
  return kind == blind_kinds.end() ? "" : kind->name;
}

} // namespace upstart::file_bridge
