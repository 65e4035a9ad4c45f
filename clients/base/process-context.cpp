#include "clients/base/process-context.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace upstart::client {

ProcessContext ProcessContext::of_this_process() {
  return {
      .out = std::cout,
      .err = std::cerr,
      .variable = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value ? std::optional<std::string>{value} : std::nullopt;
      },
      .uid = ::getuid(),
  };
}

} // namespace upstart::client
