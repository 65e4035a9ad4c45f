// What could not be written to a log yet, in a file of the run directory, for the next supervisor. Its first line tells
// where in the log the text is being written, while it is: the supervisor may die on the way, and the next one sees
// there how much of it stands in the log already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

class LogSpool {
public:
  static constexpr std::size_t most = 128 * 1024; // of text

  // Empty: nothing outlives the supervisor.
  explicit LogSpool(std::string path) : path_{std::move(path)} {}

  [[nodiscard]] const std::string& path() const { return path_; }
  // What an earlier supervisor has left for this log, without what stands in the log.
  [[nodiscard]] std::string take_up(const std::string& log) const;
  // `before` is given the size of the file. What cannot be appended is left out.
  void append(std::string_view text, const std::function<void(std::uint64_t)>& before) const;
  // All of its text is about to be appended to the log, which has this size.
  void is_written_at(std::uint64_t size_of_log) const;
  // None of it was.
  void is_not_written() const;
  // This is left of it; nothing: the file goes. In one step: the file is never there with half of that.
  void replace(std::string_view rest) const;
  // Whether a file of the spool's directory is one that was to replace another when the supervisor died.
  [[nodiscard]] static bool is_unfinished(std::string_view name) { return name.ends_with(unfinished); }

private:
  static constexpr std::string_view unfinished = ".new";
  void mark(const std::string& line) const;

  std::string path_;
};

// How much of the beginning of this text stands in a file at that place.
[[nodiscard]] std::size_t standing_at(const std::string& path, std::uint64_t offset, std::string_view text);

} // namespace upstart::supervisor
