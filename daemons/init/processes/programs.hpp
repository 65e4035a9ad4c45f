// Where the programs that init starts are.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::init {

// Beside init's own program, or where an installation puts what is not for users; `directory` is looked in alone, if
// given.
[[nodiscard]] std::expected<std::string, std::string> find_daemon(const std::string& program,
                                                                  const std::optional<std::string>& directory);

// Whether this path, without links, is one where that daemon's program is looked for; the file may be gone.
[[nodiscard]] bool is_program_of_daemon(const std::string& path, const std::string& program,
                                        const std::optional<std::string>& directory);

// The path of the program that a process runs, of which this is the directory in /proc. Of a file that has been
// removed or replaced since, where it was.
[[nodiscard]] std::optional<std::string> program_of(const std::string& proc_directory);
// The path of the program that this process runs; after an upgrade that of the new one. Nothing: there is no /proc.
[[nodiscard]] std::optional<std::string> own_path();

// In the directories of PATH.
[[nodiscard]] std::optional<std::string> find_in_path(const std::string& program, std::string_view path);

// Which file a program is now: another one, or other content, is another version of it.
struct ProgramVersion {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t changed_ns = 0;
  friend bool operator==(const ProgramVersion&, const ProgramVersion&) = default;
};
// All 0 where there is no such file.
[[nodiscard]] ProgramVersion version_of(const std::string& path);

} // namespace upstart::init
