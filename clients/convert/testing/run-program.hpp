// For the tests of the program itself: what it prints, and its exit status.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>
#include <sys/wait.h>

namespace upstart::convert::testing {

struct Run {
  int status;
  std::string text; // of both outputs
};

// With the arguments as the shell takes them.
inline Run run_program(const std::string& arguments) {
  auto command = std::string{UPSTART_CONVERT} + " " + arguments + " 2>&1";
  auto* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Run run{};
  std::array<char, 4096> buffer{};
  for (std::size_t size = 0; (size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    run.text.append(buffer.data(), size);
  run.status = WEXITSTATUS(pclose(pipe));
  return run;
}

} // namespace upstart::convert::testing
