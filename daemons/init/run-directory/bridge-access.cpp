#include "daemons/init/run-directory/bridge-access.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace upstart::init {

namespace {

constexpr mode_t way_for_the_group = 0710;
constexpr mode_t socket_for_the_group = 0660;
constexpr mode_t for_the_owner = 0700;

// Nobody but root can put anything else in its place meanwhile: it is in root's directory.
std::expected<void, std::string> give(const std::string& path, uid_t user, gid_t group, mode_t mode) {
  if (::lchown(path.c_str(), user, group) == 0 && ::chmod(path.c_str(), mode) == 0) return {};
  return std::unexpected("unable to give " + path + " to the account of bridges: " + std::strerror(errno));
}

std::expected<void, std::string> make_lock_for(const std::string& path, const Account& account) {
  base::FileDescriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file && ::fchown(file.get(), account.user, account.group) == 0) return {};
  return std::unexpected("unable to make " + path + ": " + std::strerror(errno));
}

std::expected<void, std::string> make_directory_for(const std::string& path, const Account& account) {
  if (::mkdir(path.c_str(), for_the_owner) < 0 && errno != EEXIST)
    return std::unexpected("unable to make " + path + ": " + std::strerror(errno));
  return give(path, account.user, account.group, for_the_owner);
}

} // namespace

std::expected<void, std::string> admit_bridges(const std::string& run_directory, const Account& account,
                                               std::span<const std::string> sockets,
                                               std::span<const std::string> bridges) {
  if (auto given = give(run_directory, ::geteuid(), account.group, way_for_the_group); !given) return given;
  for (const auto& name : sockets)
    if (auto given = give(run_directory + "/" + name, ::geteuid(), account.group, socket_for_the_group); !given)
      return given;
  for (const auto& name : bridges) {
    if (auto made = make_lock_for(run_directory + "/" + name + ".lock", account); !made) return made;
    if (auto made = make_directory_for(run_directory + "/" + name, account); !made) return made;
  }
  return {};
}

bool are_admitted(const std::string& run_directory, const Account& account) {
  struct stat status{};
  return ::stat(run_directory.c_str(), &status) == 0 && status.st_gid == account.group &&
         (status.st_mode & ALLPERMS) == way_for_the_group;
}

} // namespace upstart::init
