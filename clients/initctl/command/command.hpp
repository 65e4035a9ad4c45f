// A command of initctl: one entry is the whole of it — name, arguments, options, help, what completes its arguments in
// a shell, and what it does. Entries stand in the files of commands/, one file a group of commands; the command line,
// the help and the shell completions are made from them.
#pragma once

#include "clients/initctl/command/call.hpp"

#include <array>
#include <vector>

namespace upstart::client {

struct Option {
  std::string_view flags; // "-n,--no-wait"
  std::string_view value; // what stands for its value in the help; empty: a flag
  std::string_view help;
  // What completes its value in a shell: directories, events, or words as A|B|C, with ",..." behind it where the value
  // may be several with a comma between; empty: nothing does.
  std::string completion = {};
};

// What a command does where the daemon cannot be reached.
enum class Daemon : bool { not_needed, needed };

struct Command {
  std::string_view name;
  std::string_view group; // heading in the list of commands
  std::string_view summary;
  std::string_view synopsis; // of the arguments: "JOB [KEY=VALUE]..."
  std::string_view about;    // paragraphs for --help, unwrapped
  std::string_view missing;  // what is missing when there is no argument; empty: none is needed
  // What completes the arguments in a shell, one word for each, the last followed by "..." where it may be repeated:
  // jobs, instances and variables (of the job before it), events, environment, assignments, commands, or words as
  // A|B|C.
  std::string_view completion = {};
  bool own_job_will_do = false; // inside a job's own process the first argument is not needed
  std::vector<Option> options;
  Outcome (*run)(Call&);
  Daemon daemon = Daemon::needed;
  bool is_program = false; // the program may be called by the name of this command
};

// How many arguments its synopsis has room for; nothing where the last may be repeated.
[[nodiscard]] std::optional<std::size_t> most_arguments(const Command& command);

inline constexpr std::string_view job_group = "Job commands";
inline constexpr std::string_view event_group = "Event commands";
inline constexpr std::string_view environment_group = "Environment commands";
inline constexpr std::string_view insight_group = "Commands that explain";
inline constexpr std::string_view other_group = "Other commands";
// In the order in which they are listed.
inline constexpr std::array command_groups{job_group, event_group, environment_group, insight_group, other_group};
// The commands in the order of their groups; within a group as they are.
[[nodiscard]] std::vector<Command> in_order_of_groups(std::vector<Command> commands);

// Nothing where there is no such command.
[[nodiscard]] const Command* find_command(const std::vector<Command>& commands, std::string_view name);

// The words between which there is a choice, as `completion` has them.
[[nodiscard]] std::string choices_of(const std::vector<std::string_view>& words);

// The options that every command takes.
[[nodiscard]] const std::vector<Option>& common_options();

} // namespace upstart::client
