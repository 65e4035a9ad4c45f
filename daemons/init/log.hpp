// What init says, on standard error, as much as the options ask for; how a line looks: base's LogFormat.
#pragma once

#include "daemons/base/log/log-format.hpp"
#include "daemons/base/log/log-stream.hpp"
#include "daemons/init/configuration/options.hpp"

#include <ctime>
#include <format>

namespace upstart::init {

class Log {
public:
  explicit Log(Verbosity verbosity) : verbosity_{verbosity} {}

  template <typename... Arguments>
  void critical(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::quiet, base::Severity::critical, std::format(text, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments> void error(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::quiet, base::Severity::error, std::format(text, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments> void warning(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::normal, base::Severity::warning, std::format(text, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments> void info(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::verbose, base::Severity::info, std::format(text, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments> void debug(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::debug, base::Severity::debug, std::format(text, std::forward<Arguments>(arguments)...));
  }
  // What a line of an error begins with, for a child that has no log yet.
  [[nodiscard]] std::string line_start() const {
    auto line = format_.line(base::Severity::error, "", std::time(nullptr));
    line.pop_back();
    return line;
  }

private:
  // Standard error may have gone, or nobody may read it; that is no reason to stop.
  void say(Verbosity from, base::Severity severity, const std::string& message) const {
    if (verbosity_ < from) return;
    auto now = std::time(nullptr);
    stream_.write(format_.line(severity, message, now), [&](std::uint64_t lines) {
      return format_.line(base::Severity::warning, base::dropped_message(lines), now);
    });
  }

  Verbosity verbosity_;
  base::LogFormat format_ = base::LogFormat::for_standard_error("init");
  mutable base::LogStream stream_{STDERR_FILENO};
};

} // namespace upstart::init
