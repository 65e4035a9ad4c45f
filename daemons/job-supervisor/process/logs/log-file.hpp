// The file that a job's output is appended to. It is opened by its path for each piece that is written and then closed:
// so an idle job holds no descriptor for it, and a file that was removed or renamed meanwhile is simply made anew. What
// cannot be written (no directory yet, full disk, a link in the way) is kept, up to a bound; what is beyond that is
// lost and counted.
#pragma once

#include "daemons/job-supervisor/process/logs/log-spool.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

class LogFile {
public:
  static constexpr std::size_t most_kept = LogSpool::most;
  // The text from its byte `from` on is about to be appended to this file, which has this size; what is before that
  // stands elsewhere.
  using Before = std::function<void(const std::string& file, std::uint64_t size, std::size_t from)>;

  // What cannot be written is also kept in the file `spool`, for the next supervisor; empty: nowhere.
  explicit LogFile(std::string path, std::string spool = {});

  // Never waits and never fails; afterwards `kept` tells whether something is left to be written. `before` is told of
  // each file that takes some of it, the log and the spool.
  void append(std::string_view text, const Before& before = {});
  // Tries to write what was kept.
  void flush();
  [[nodiscard]] bool kept() const { return !kept_.empty(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  // The last reason why it could not be written; 0 when it could, or was not tried yet.
  [[nodiscard]] int error() const { return error_; }
  // How many bytes were lost since this was last asked.
  [[nodiscard]] std::size_t take_lost();

private:
  std::size_t write(std::string_view text, const std::function<void(std::uint64_t)>& before);
  void keep(std::string_view text, std::size_t from, const Before& before);

  std::string path_;
  LogSpool spool_;
  std::string kept_;
  std::size_t lost_ = 0;
  int error_ = 0;
};

} // namespace upstart::supervisor
