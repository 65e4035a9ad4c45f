// What init writes into its run directory about itself, so that a later init can tell whether the directory is that of
// the dead, and whether what still runs of that session is its own to go on with.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace upstart::init {

struct SessionRecord {
  pid_t pid = 0; // of init
  std::uint64_t start_ticks = 0;
  std::string boot;                       // boot_id of the kernel and the process namespace: where pids mean the same
  std::string address;                    // of the public interface: UPSTART_SESSION of the jobs
  std::vector<std::string> configuration; // the directories of job files, in order
  friend bool operator==(const SessionRecord&, const SessionRecord&) = default;

  // Of this process.
  [[nodiscard]] static SessionRecord of_this_process(std::vector<std::string> configuration);
  // Nothing where there is none that can be read.
  [[nodiscard]] static std::optional<SessionRecord> read(const std::string& run_directory);
  // Whole or not at all. The error says what and why.
  [[nodiscard]] std::expected<void, std::string> write(const std::string& run_directory) const;
};

// One "KEY VALUE" a line; bytes that would end a line are written as \n and \\.
[[nodiscard]] std::string to_text(const SessionRecord& record);
[[nodiscard]] std::optional<SessionRecord> parse_record(std::string_view text);

} // namespace upstart::init
