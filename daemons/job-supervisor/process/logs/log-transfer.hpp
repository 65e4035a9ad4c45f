// What has been read of a job's output and not been written yet, in memory that outlives the supervisor: a file of the
// run directory, mapped, that output is read into. If the supervisor dies on the way, the next one finds it here, and
// sees in the log, or in the file that keeps what cannot be written there, how much of it stands there. It stays here
// until all of it does, so that the next one may die, too. One piece at a time is on its way.
#pragma once

#include "daemons/base/files/mapped-record.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace upstart::supervisor {

class LogTransfer {
public:
  static constexpr std::size_t most = 64 * 1024;

  // An empty path, and one that cannot be used: what is on its way does not outlive the supervisor.
  explicit LogTransfer(const std::string& path);
  LogTransfer(const LogTransfer&) = delete;
  LogTransfer& operator=(const LogTransfer&) = delete;

  // Before anything else, and before the files are changed: what an earlier supervisor has read of this log and not
  // written. It is to be written as what was read here, from its byte `from` on, until `end`.
  struct Left {
    std::string log, text; // text is empty: there is nothing
    std::size_t from = 0;
  };
  [[nodiscard]] Left left();

  // Output for this log is about to be read into the room that is returned, of zeros.
  [[nodiscard]] std::span<char> begin(std::string_view log);
  // So much was read.
  void has_read(std::size_t size) { place_->size = static_cast<std::uint32_t>(size); }
  // From its byte `from` on it is about to be appended to this file, the log or another, which has this size; what is
  // before that stands elsewhere.
  void is_written_at(const std::string& file, std::uint64_t size, std::size_t from);
  // It was written, or is kept elsewhere.
  void end();

private:
  enum class Step : std::uint64_t { none, reading, writing, writing_elsewhere };
  struct Progress {
    Step step;
    std::size_t from = 0;
    std::uint64_t offset = 0;
  };
  struct Place {
    std::uint64_t progress;                // all of it in one word, as the process may die between two
    std::uint32_t size;                    // 0 while it is read: what was read ends with the last byte that is not zero
    std::array<char, 4096> log, elsewhere; // paths
    std::array<char, most> text;
  };
  [[nodiscard]] Progress progress() const;
  void set(const Progress& progress);

  base::MappedRecord<Place> kept_;
  std::unique_ptr<Place> own_; // where nothing is kept
  Place* place_;
};

} // namespace upstart::supervisor
