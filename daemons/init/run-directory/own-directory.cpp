#include "daemons/init/run-directory/own-directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <format>

namespace upstart::init {

namespace {

constexpr mode_t for_the_owner = 0700;
constexpr mode_t writable_for_others = S_IWGRP | S_IWOTH;

} // namespace

std::expected<void, std::string> make_own_directory(const std::string& path) {
  if (::mkdir(path.c_str(), for_the_owner) == 0) return {};
  if (errno != EEXIST)
    return std::unexpected(std::format("unable to make the directory {}: {}", path, std::strerror(errno)));
  struct stat status{};
  if (::lstat(path.c_str(), &status) < 0)
    return std::unexpected(std::format("unable to look at {}: {}", path, std::strerror(errno)));
  auto refused = [&](const std::string& why) {
    return std::unexpected(std::format("{} cannot be used: {}", path, why));
  };
  if (S_ISLNK(status.st_mode)) return refused("it is a link; it must be a directory");
  if (!S_ISDIR(status.st_mode)) return refused("it is not a directory");
  if (status.st_uid != ::geteuid())
    return refused(
        std::format("it belongs to user {}; it must belong to user {}, who runs init", status.st_uid, ::geteuid()));
  if ((status.st_mode & writable_for_others) != 0)
    return refused(std::format("others may write to it (mode {:04o}); its mode must be 0700", status.st_mode & 07777));
  return {};
}

std::string weakness_of(const std::string& parent) {
  struct stat status{};
  if (::stat(parent.c_str(), &status) < 0) return "";
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return std::format("{} belongs to user {}, who can replace all that is in it", parent, status.st_uid);
  if ((status.st_mode & writable_for_others) != 0 && (status.st_mode & S_ISVTX) == 0)
    return std::format("others may write to {} (mode {:04o}) and replace what is in it", parent,
                       status.st_mode & 07777);
  return "";
}

} // namespace upstart::init
