#include "clients/initctl/initctl.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  upstart::client::occupy_standard_descriptors();
  std::ios::sync_with_stdio(false);
  upstart::client::Surroundings surroundings{
      .out = std::cout,
      .err = std::cerr,
      .variable = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value ? std::optional<std::string>{value} : std::nullopt;
      },
      .uid = ::getuid(),
  };
  return upstart::client::run({argv, argv + argc}, surroundings);
}
