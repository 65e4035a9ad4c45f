#include "daemons/job-supervisor/process/logs/log-spool.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <format>
#include <sys/stat.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

constexpr int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr std::string_view line_begin = "at ";
constexpr std::size_t digits = 20, line_size = line_begin.size() + digits + 1;

std::string first_line(std::uint64_t offset) { return std::format("{}{:020}\n", line_begin, offset); }
std::string first_line_while_not_written() { return std::format("{}{:->20}\n", line_begin, ""); }

std::string contents_of(const std::string& path) {
  FileDescriptor file{::open(path.c_str(), O_RDONLY | flags)};
  std::string text(line_size + LogSpool::most, '\0');
  ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

bool has_first_line(std::string_view text) {
  return text.size() >= line_size && text.starts_with(line_begin) && text[line_size - 1] == '\n';
}

bool write_all(int file, std::string_view text) {
  return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

} // namespace

std::size_t standing_at(const std::string& path, std::uint64_t offset, std::string_view text) {
  FileDescriptor file{::open(path.c_str(), O_RDONLY | flags)};
  if (!file) return 0;
  std::string there(text.size(), '\0');
  ssize_t got = ::pread(file.get(), there.data(), there.size(), static_cast<off_t>(offset));
  if (got <= 0) return 0;
  there.resize(static_cast<std::size_t>(got));
  return text.starts_with(there) ? there.size() : 0;
}

// A file without that line is of a supervisor that did not write it yet.
std::string LogSpool::take_up(const std::string& log) const {
  if (path_.empty()) return {};
  std::string text = contents_of(path_);
  if (!has_first_line(text)) {
    if (!text.empty()) replace(text);
    return text;
  }
  std::uint64_t offset = 0;
  const char *begin = text.data() + line_begin.size(), *end = begin + digits;
  bool is_being_written = std::from_chars(begin, end, offset).ptr == end;
  text.erase(0, line_size);
  if (!is_being_written) return text;
  text.erase(0, standing_at(log, offset, text));
  replace(text);
  return text;
}

void LogSpool::append(std::string_view text, const std::function<void(std::uint64_t)>& before) const {
  if (path_.empty() || text.empty()) return;
  FileDescriptor file{::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | flags, 0600)};
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) < 0) return;
  bool is_new = status.st_size == 0;
  if (before) before(is_new ? line_size : static_cast<std::uint64_t>(status.st_size));
  (void)write_all(file.get(), (is_new ? first_line_while_not_written() : std::string{}).append(text));
}

void LogSpool::is_written_at(std::uint64_t size_of_log) const { mark(first_line(size_of_log)); }
void LogSpool::is_not_written() const { mark(first_line_while_not_written()); }

void LogSpool::mark(const std::string& line) const {
  if (path_.empty()) return;
  FileDescriptor file{::open(path_.c_str(), O_WRONLY | flags)};
  if (file) (void)!::pwrite(file.get(), line.data(), line.size(), 0);
}

void LogSpool::replace(std::string_view rest) const {
  if (path_.empty()) return;
  if (rest.empty()) {
    ::unlink(path_.c_str());
    return;
  }
  std::string next = path_ + std::string{unfinished};
  FileDescriptor file{::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | flags, 0600)};
  bool is_whole = file && write_all(file.get(), first_line_while_not_written().append(rest));
  if (!is_whole || std::rename(next.c_str(), path_.c_str()) < 0) ::unlink(next.c_str());
}

} // namespace upstart::supervisor
