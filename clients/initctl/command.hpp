// A command of initctl: one entry is the whole of it — name, arguments, options, help and what it does. Each family of
// commands is a file that offers its entries; `all_commands` is the table of them all.
#pragma once

#include "clients/initctl/call.hpp"

#include <span>

namespace upstart::client {

struct Option {
  std::string_view flags; // "-n,--no-wait"
  std::string_view value; // what stands for its value in the help; empty: a flag
  std::string_view help;
};

// What a command does where the daemon cannot be reached.
enum class Daemon : bool { not_needed, needed };

struct Command {
  std::string_view name;
  std::string_view group; // heading in the list of commands
  std::string_view summary;
  std::string_view synopsis;    // of the arguments: "JOB [KEY=VALUE]..."
  std::string_view about;       // paragraphs for --help, unwrapped
  std::string_view missing;     // what is missing when there is no argument; empty: none is needed
  bool own_job_will_do = false; // inside a job's own process the first argument is not needed
  std::vector<Option> options;
  Outcome (*run)(Call&);
  Daemon daemon = Daemon::needed;
};

// How many arguments its synopsis has room for; nothing where the last may be repeated.
[[nodiscard]] std::optional<std::size_t> most_arguments(const Command& command);

inline constexpr std::string_view job_group = "Job commands";
inline constexpr std::string_view event_group = "Event commands";
inline constexpr std::string_view environment_group = "Environment commands";
inline constexpr std::string_view insight_group = "Commands that explain";
inline constexpr std::string_view other_group = "Other commands";

// The families.
[[nodiscard]] std::vector<Command> job_commands();
[[nodiscard]] std::vector<Command> event_commands();
[[nodiscard]] std::vector<Command> environment_commands();
[[nodiscard]] std::vector<Command> configuration_commands();
[[nodiscard]] std::vector<Command> session_commands();
[[nodiscard]] std::vector<Command> daemon_commands();
[[nodiscard]] std::vector<Command> explain_commands();
[[nodiscard]] std::vector<Command> graph_commands();
[[nodiscard]] std::vector<Command> history_commands();
[[nodiscard]] std::vector<Command> log_commands();
[[nodiscard]] std::vector<Command> monitor_commands();
[[nodiscard]] std::vector<Command> simulate_commands();

[[nodiscard]] const std::vector<Command>& all_commands();
[[nodiscard]] const Command* find_command(std::string_view name);
// True for the names under which the program may be called to mean the command itself.
[[nodiscard]] bool is_link_name(std::string_view name);

// The options that every command takes.
[[nodiscard]] const std::vector<Option>& common_options();

} // namespace upstart::client
