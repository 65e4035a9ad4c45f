// The console log of a job: where it is, its last lines, and what is added to it — across a rotation, which renames the
// file or removes it and makes a new one.
#pragma once

#include "clients/initctl/upstart.hpp"
#include "protocol/file-descriptor.hpp"

#include <filesystem>
#include <functional>

namespace upstart::client {

// The directory that init logs to: as it says itself, else where it does by default. Nothing if it logs nowhere.
[[nodiscard]] std::optional<std::filesystem::path> log_directory(const Call& call, Upstart& upstart);

// "JOB.log" or "JOB-INSTANCE.log", with "/" as "_".
[[nodiscard]] std::string log_name(const std::string& job, const std::string& instance);

struct LogText {
  std::string text;
  std::size_t end = 0; // where in the file it ends, in bytes
};
// The last `lines` lines of a file, all of it if there are no more or without `lines`. Reads no more of a long file than it
// must. The error is errno.
[[nodiscard]] std::expected<LogText, int> read_log(const std::filesystem::path& path, std::optional<std::size_t> lines = {});

// A file that grows. `next` waits until there is more and returns it; after a rotation it goes on with the new file.
class GrowingFile {
public:
  // Begins behind the first `offset` bytes of the file that is there now.
  GrowingFile(std::filesystem::path path, std::size_t offset);
  [[nodiscard]] std::string next();

private:
  void open_anew();
  [[nodiscard]] bool was_replaced() const;
  std::string read_on();
  void wait_for_change();

  std::filesystem::path path_;
  protocol::FileDescriptor changes_; // inotify
  protocol::FileDescriptor file_;
};

} // namespace upstart::client
