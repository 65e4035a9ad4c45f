// The file system as the bridge's decisions see it: what a path is now, and what is in a directory. files-on-disk.hpp
// is the real one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upstart::file_bridge {

// By which a file is known again, and told from a changed one.
struct FileState {
  bool is_directory = false;
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t changed_ns = 0; // its content
  friend bool operator==(const FileState&, const FileState&) = default;
};

class Files {
public:
  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  virtual ~Files() = default;

  // Nothing where there is nothing, or it cannot be seen.
  [[nodiscard]] virtual std::optional<FileState> state_of(const std::string& path) = 0;
  // The names in a directory, "." and ".." left out; empty where there is none.
  [[nodiscard]] virtual std::vector<std::string> names_in(const std::string& directory) = 0;
};

} // namespace upstart::file_bridge
