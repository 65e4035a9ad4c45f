#include "daemons/base/log/log-format.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace upstart::base {

namespace {

std::string_view word_for(Severity severity) {
  switch (severity) {
  case Severity::critical: return "critical: ";
  case Severity::error: return "error: ";
  case Severity::warning: return "warning: ";
  case Severity::info: return "info: ";
  case Severity::debug: return "debug: ";
  }
  return "";
}

std::string local_time(std::time_t time) {
  std::tm parts{};
  std::array<char, 32> text{};
  ::localtime_r(&time, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

// The kernel reads the severity as the journal does.
bool leads_to_kernel_log(const struct stat& status) {
  struct stat log{};
  return ::stat(kernel_log_path, &log) == 0 && status.st_dev == log.st_dev && status.st_ino == log.st_ino;
}

LogFormat::Style style_of(int fd, std::string_view journal_stream) {
  using enum LogFormat::Style;
  struct stat status{};
  if (::fstat(fd, &status) < 0) return plain;
  if (leads_to_kernel_log(status)) return journal;
  if (journal_stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)) return journal;
  return S_ISREG(status.st_mode) || ::isatty(fd) == 1 ? dated : plain;
}

} // namespace

LogFormat LogFormat::for_descriptor(std::string program, int fd, std::string_view journal_stream) {
  return {std::move(program), style_of(fd, journal_stream)};
}

LogFormat LogFormat::for_standard_error(std::string program) {
  const char* journal_stream = std::getenv("JOURNAL_STREAM");
  return for_descriptor(std::move(program), STDERR_FILENO, journal_stream == nullptr ? "" : journal_stream);
}

std::string LogFormat::line(Severity severity, std::string_view message, std::time_t time) const {
  std::string line;
  if (style_ == Style::journal) line = "<" + std::to_string(static_cast<int>(severity)) + ">" + program_ + ": ";
  if (style_ == Style::plain) line = program_ + ": ";
  if (style_ == Style::dated)
    (line = local_time(time) + " " + program_ + "[" + std::to_string(::getpid()) + "]: ") += word_for(severity);
  return line.append(message) += '\n';
}

} // namespace upstart::base
