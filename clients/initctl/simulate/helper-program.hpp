// A program that does what initctl does not link: found beside it, or where an installation puts what is not for users;
// run to its end, its standard output taken, its standard error passed through; or become in place of initctl.
#pragma once

#include "clients/initctl/command/call.hpp"

namespace upstart::client {

// What it printed on standard output, and its exit status.
struct HelperRun {
  std::string output;
  int status = 0;
};
[[nodiscard]] std::expected<HelperRun, Failure> run_helper_to_end(const std::string& program,
                                                                  std::vector<std::string> arguments);

// Its output; the failure says that it cannot be found, cannot be run, or did not succeed.
[[nodiscard]] std::expected<std::string, Failure> run_helper(const std::string& program,
                                                             std::vector<std::string> arguments);

// This process becomes the program, with its terminal and its streams; what was printed so far is written before.
// Returns only where that fails: why.
[[nodiscard]] Failure become_helper(ProcessContext& context, const std::string& program,
                                    std::vector<std::string> arguments);

} // namespace upstart::client
