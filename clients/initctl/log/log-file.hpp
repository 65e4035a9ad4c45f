// The console log of a job: where it is, its last lines, and what is added to it — across a rotation, which renames the
// file or removes it and makes a new one.
#pragma once

#include "clients/base/upstart.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <filesystem>
#include <functional>

namespace upstart::client {

// The directory that init logs to: as it says itself, else where it does by default. Nothing if it logs nowhere.
[[nodiscard]] std::optional<std::filesystem::path> log_directory(const ProcessContext& context, Upstart& upstart);

// The log in that directory. Where its usual name was in use by another job or instance, it has another one, which
// belongs to nobody else: that, if it is there.
[[nodiscard]] std::filesystem::path log_path(const std::filesystem::path& directory, const std::string& job,
                                             const std::string& instance);

struct LogText {
  std::string text;
  std::size_t end = 0; // where in the file it ends, in bytes
};
// The last `lines` lines of a file, all of it if there are no more or without `lines`. Reads no more of a long file
// than it must. The error is errno.
[[nodiscard]] std::expected<LogText, int> read_log(const std::filesystem::path& path,
                                                   std::optional<std::size_t> lines = {});

// A file that grows. After a rotation it goes on with the new file.
class GrowingFile {
public:
  // Begins behind the first `offset` bytes of the file that is there now.
  GrowingFile(std::filesystem::path path, std::size_t offset);
  // What was added since the last look; never waits.
  [[nodiscard]] std::string added();
  // Readable when there may be more; empty where that cannot be known, so that one must look from time to time.
  [[nodiscard]] std::optional<int> descriptor() const {
    return is_watched_ ? std::optional{changes_.get()} : std::nullopt;
  }

private:
  void open_anew();
  [[nodiscard]] bool was_replaced() const;
  std::string read_on();
  void watch();
  void forget_changes();

  std::filesystem::path path_;
  base::FileDescriptor changes_; // inotify
  bool is_watched_ = false;
  base::FileDescriptor file_;
};

} // namespace upstart::client
