// What has been read of a job's output and not been written yet, in memory that outlives the supervisor: a file of the
// run directory, mapped, that output is read into. If the supervisor dies on the way, the next one finds it here, and
// sees at the end of the log whether it was written. One piece at a time is on its way.
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

  // Before anything else: what an earlier supervisor has read of this log and not written.
  struct Left {
    std::string log, text; // text is empty: there is nothing
  };
  [[nodiscard]] Left take_left();

  // Output for this log is about to be read into the room that is returned, of zeros.
  [[nodiscard]] std::span<char> begin(std::string_view log);
  // So much was read.
  void has_read(std::size_t size) { place_->size = static_cast<std::uint32_t>(size); }
  // It is about to be appended to the log, which has this size.
  void is_written_at(std::uint64_t offset);
  // It was written, or is kept elsewhere.
  void end();

private:
  enum class Step : std::uint32_t { none, reading, writing };
  struct Place {
    Step step;
    std::uint32_t size; // 0 while it is read: what was read ends with the last byte that is not zero
    std::uint64_t offset;
    std::array<char, 4096> log; // its path
    std::array<char, most> text;
  };

  base::MappedRecord<Place> kept_;
  std::unique_ptr<Place> own_; // where nothing is kept
  Place* place_;
};

} // namespace upstart::supervisor
