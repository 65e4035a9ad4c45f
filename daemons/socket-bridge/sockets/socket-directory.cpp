#include "daemons/socket-bridge/sockets/socket-directory.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <filesystem>
#include <format>
#include <ranges>

namespace upstart::socket_bridge {

namespace {

using base::FileDescriptor;
using Names = std::deque<std::string>;

constexpr int most_links = 40; // as the kernel has it

Names names_in(const std::string& path) {
  Names names;
  for (auto part : std::views::split(path, '/'))
    if (!part.empty()) names.emplace_back(part.begin(), part.end());
  return names;
}

FileDescriptor root_directory() { return FileDescriptor{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)}; }

bool only_trusted_users_write_to(const FileDescriptor& directory) {
  struct stat status{};
  if (::fstat(directory.get(), &status) < 0) return false;
  return (status.st_uid == 0 || status.st_uid == ::geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// What the link says, where one is there that may be followed; else empty.
std::string trusted_link(const FileDescriptor& directory, const std::string& name) {
  std::array<char, PATH_MAX> target{};
  if (!only_trusted_users_write_to(directory)) return {};
  auto size = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string{};
}

std::unexpected<std::string> problem(const std::string& name, const char* what) {
  return std::unexpected(std::format("{}: {}", name, what));
}

// Of this process and empty, as it is when it has just been made: not another one that was moved to its place.
bool is_as_made(const FileDescriptor& directory, const struct stat& status) {
  std::error_code error;
  return status.st_uid == ::geteuid() &&
         std::filesystem::is_empty(std::format("/proc/self/fd/{}", directory.get()), error) && !error;
}

std::expected<bool, std::string> give_to(const FileDescriptor& directory, const std::string& name,
                                         const DirectoryOwner& owner) {
  FileDescriptor readable{::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  struct stat status{};
  if (!readable || ::fstat(readable.get(), &status) < 0) return problem(name, std::strerror(errno));
  if (!is_as_made(readable, status)) return problem(name, "another directory was put in its place");
  if (::fchown(readable.get(), owner.user, owner.group) < 0 || ::fchmod(readable.get(), owner.mode) < 0)
    return problem(name, "it has another owner or mode than it had");
  return true;
}

} // namespace

std::expected<bool, std::string> make_directory(const std::string& path, const DirectoryOwner& owner) {
  auto names = names_in(path);
  auto at = root_directory();
  bool is_made = false;
  std::string name = "/";
  for (int links = 0; !names.empty();) {
    name = std::move(names.front());
    names.pop_front();
    is_made = ::mkdirat(at.get(), name.c_str(), 0755) == 0;
    if (!is_made && errno != EEXIST) return problem(name, std::strerror(errno));
    FileDescriptor next{::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (next) {
      at = std::move(next);
      continue;
    }
    auto link = trusted_link(at, name);
    if (link.empty() || ++links > most_links)
      return problem(name, "it is no directory, or a link that others than root can replace");
    if (link.starts_with('/')) at = root_directory();
    auto on_the_way = names_in(link);
    names.insert(names.begin(), on_the_way.begin(), on_the_way.end());
  }
  return is_made ? give_to(at, name, owner) : std::expected<bool, std::string>{false};
}

SocketAddress place_of(const SocketAddress& address) {
  struct stat directory{};
  auto slash = address.path.rfind('/');
  if (!address.has_file() || ::stat(address.path.substr(0, slash + 1).c_str(), &directory) < 0) return address;
  auto place = address;
  place.path = std::format("{}:{}{}", directory.st_dev, directory.st_ino, address.path.substr(slash));
  return place;
}

} // namespace upstart::socket_bridge
