// For tests of what is kept in files: a directory that goes with the test, and a disk that is full.
#pragma once

#include <doctest/doctest.h>

#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace upstart::base::test {

class TemporaryDirectory {
public:
  explicit TemporaryDirectory(const std::string& parent = "/tmp") : path_{parent + "/journal-test-XXXXXX"} {
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

// A directory on a tmpfs in which files can be made, if the machine has one.
inline std::optional<std::string> tmpfs_directory() {
  for (const char* path : {"/dev/shm", "/run", "/tmp"}) {
    struct statfs where{};
    if (::statfs(path, &where) == 0 && where.f_type == TMPFS_MAGIC && ::access(path, W_OK | X_OK) == 0) return path;
  }
  return std::nullopt;
}

// For as long as it lives no file may grow beyond this size: what a full disk does to a writer.
class FullDisk {
public:
  explicit FullDisk(std::uint64_t size) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{size, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

private:
  rlimit before_{};
};

} // namespace upstart::base::test
