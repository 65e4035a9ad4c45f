// The file system as it is. A symbolic link is what it points to if that is a directory, else the link itself.
#pragma once

#include "daemons/file-bridge/core/files.hpp"

namespace upstart::file_bridge {

class FilesOnDisk final : public Files {
public:
  [[nodiscard]] std::optional<FileState> state_of(const std::string& path) override;
  [[nodiscard]] std::vector<std::string> names_in(const std::string& directory) override;
};

// The kind of file system that the path, or the nearest directory above it that is there, is on, where changes can
// happen there that the kernel does not tell of ("NFS"); empty where it tells of all.
[[nodiscard]] std::string blind_file_system(const std::string& path);

} // namespace upstart::file_bridge
