// What becomes of a request to execute init anew that init refuses: a file of the run directory, written by init and
// read by the job supervisor when somebody asks (initctl explain init). It goes when init is executed anew. Its form is
// lines of KEY=VALUE.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::base {

struct RefusedExecution {
  std::int64_t when = 0; // seconds since the epoch
  std::string asked_by;  // "TERM signal", "process 12 of user 0"
  std::string why;
  friend bool operator==(const RefusedExecution&, const RefusedExecution&) = default;

  // In place of an earlier one; the error says what could not be done.
  [[nodiscard]] std::expected<void, std::string> write(const std::string& run_directory) const;
  [[nodiscard]] static std::optional<RefusedExecution> read(const std::string& run_directory);
  static void forget(const std::string& run_directory);
  // "2026-11-26 11:50:10, asked by TERM signal: WHY", in the time zone of this process.
  [[nodiscard]] std::string text() const;
};

} // namespace upstart::base
