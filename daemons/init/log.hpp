// What init says, on standard error, as much as the options ask for; how a line looks: base's LogFormat.
#pragma once

#include "daemons/base/program/log-format.hpp"
#include "daemons/init/configuration/options.hpp"

#include <cstdio>
#include <ctime>
#include <format>

namespace upstart::init {

class Log {
public:
  explicit Log(Verbosity verbosity) : verbosity_{verbosity} {}

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
  // What a line of an error begins with, for a child that cannot do more than write.
  [[nodiscard]] std::string line_start() const {
    auto line = format_.line(base::Severity::error, "", std::time(nullptr));
    line.pop_back();
    return line;
  }

private:
  // Standard error may have gone; that is no reason to stop.
  void say(Verbosity from, base::Severity severity, const std::string& message) const {
    if (verbosity_ >= from) std::fputs(format_.line(severity, message, std::time(nullptr)).c_str(), stderr);
  }

  Verbosity verbosity_;
  base::LogFormat format_ = base::LogFormat::for_standard_error("init");
};

} // namespace upstart::init
