#include "daemons/base/files/refused-execution.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <format>
#include <unistd.h>

namespace upstart::base {

namespace {

constexpr std::size_t longest = 4096;

std::string path_in(const std::string& run_directory) { return run_directory + "/refused-execution"; }

std::string in_one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string value_of(std::string_view lines, std::string_view key) {
  while (!lines.empty()) {
    auto line = lines.substr(0, lines.find('\n'));
    if (line.starts_with(key)) return std::string{line.substr(key.size())};
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
  return {};
}

} // namespace

std::expected<void, std::string> RefusedExecution::write(const std::string& run_directory) const {
  auto text =
      std::format("when={}\nasked-by={}\nwhy={}\n", when, in_one_line(asked_by), in_one_line(why)).substr(0, longest);
  auto path = path_in(run_directory), made = path + ".new";
  FileDescriptor file{::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)};
  bool opened = static_cast<bool>(file);
  if (opened) errno = 0; // a write that is cut short leaves it
  if (opened && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::rename(made.c_str(), path.c_str()) == 0)
    return {};
  int error = errno != 0 ? errno : ENOSPC;
  if (opened) ::unlink(made.c_str());
  return std::unexpected(std::format("unable to write {}: {}", path, std::strerror(error)));
}

std::optional<RefusedExecution> RefusedExecution::read(const std::string& run_directory) {
  FileDescriptor file{::open(path_in(run_directory).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  std::array<char, longest> text{};
  auto size = file ? ::read(file.get(), text.data(), text.size()) : 0;
  if (size <= 0) return std::nullopt;
  std::string_view lines{text.data(), static_cast<std::size_t>(size)};
  RefusedExecution result{.asked_by = value_of(lines, "asked-by="), .why = value_of(lines, "why=")};
  auto when = value_of(lines, "when=");
  std::from_chars(when.data(), when.data() + when.size(), result.when);
  return result;
}

void RefusedExecution::forget(const std::string& run_directory) { ::unlink(path_in(run_directory).c_str()); }

std::string RefusedExecution::text() const {
  std::array<char, 32> time{};
  std::tm local{};
  const std::time_t seconds = when;
  ::localtime_r(&seconds, &local);
  std::strftime(time.data(), time.size(), "%F %T", &local);
  return std::format("{}, asked by {}: {}", time.data(), asked_by, why);
}

} // namespace upstart::base
