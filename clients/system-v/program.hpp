// What the System V tools share as programs: a table of options from which the command line is read and the help is
// made, and the end of a run: messages, the hint at --help, the exit status.
#pragma once

#include "clients/base/failure.hpp"
#include "clients/base/process-context.hpp"

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upstart::client {

struct ProgramOption {
  std::string_view flags; // "-r,--reboot", or one of them
  std::string_view value; // what stands for its value in the help; empty: a flag
  std::string_view help;  // empty: taken for the sake of old scripts, and ignored
};

struct Program {
  std::string_view name;
  std::string_view synopsis; // of the arguments
  std::string_view about;    // paragraphs for --help, unwrapped
  std::vector<ProgramOption> options;
};

// The words of one run. Options are kept in order under the last of their flags, without dashes in front of it.
struct GivenWords {
  std::vector<std::pair<std::string, std::string>> options = {};
  std::vector<std::string> arguments = {};

  [[nodiscard]] bool has(std::string_view option) const { return value(option).has_value(); }
  // Of an option given several times the last counts.
  [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
};

// Reads words as getopt does: flags may be joined ("-rf"), values stand in the same word or the next, options stand
// among the arguments, "--" ends them. The failure is a usage error.
[[nodiscard]] std::expected<GivenWords, Failure> read_words(const Program& program,
                                                            const std::vector<std::string>& words);

[[nodiscard]] std::string help_of(const Program& program);

// One run: `words` with the program's own name first, which messages begin with. Answers --help and --version, does the
// action with everything else, and tells its failure.
[[nodiscard]] int run_program(const Program& program, const std::vector<std::string>& words, ProcessContext& context,
                              const std::function<Outcome(const GivenWords&)>& action);

// A warning on standard error, as "PROGRAM: MESSAGE".
void warn(ProcessContext& context, std::string_view message);

// The failure of a program that is for root.
[[nodiscard]] std::expected<void, Failure> need_root(const ProcessContext& context);

} // namespace upstart::client
