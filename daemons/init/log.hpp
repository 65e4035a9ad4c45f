// What init says, on standard error: "init: MESSAGE", as much as the options ask for.
#pragma once

#include "daemons/init/options.hpp"

#include <cstdio>
#include <format>

namespace upstart::init {

class Log {
public:
  explicit Log(Verbosity verbosity) : verbosity_{verbosity} {}

  template <typename... Arguments> void error(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::quiet, std::format(text, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments> void warning(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::normal, std::format(text, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments> void info(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::verbose, std::format(text, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments> void debug(std::format_string<Arguments...> text, Arguments&&... arguments) const {
    say(Verbosity::debug, std::format(text, std::forward<Arguments>(arguments)...));
  }

private:
  // Standard error may have gone; that is no reason to stop.
  void say(Verbosity from, const std::string& message) const {
    if (verbosity_ >= from) std::fputs(("init: " + message + "\n").c_str(), stderr);
  }

  Verbosity verbosity_;
};

} // namespace upstart::init
