#include "daemons/job-supervisor/daemon.hpp"

#include <csignal>
#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  int exit_status = 0;
  auto line = upstart::supervisor::parse_command_line(argc, argv, exit_status);
  if (!line) return exit_status;
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return upstart::supervisor::Daemon{std::move(*line)}.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "job-supervisor: %s\n", error.what());
    return 1;
  }
}
