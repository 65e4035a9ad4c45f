#include "clients/initctl/initctl.hpp"

#include "clients/initctl/command-line.hpp"
#include "clients/initctl/help.hpp"
#include "clients/initctl/upstart.hpp"

#include <nlohmann/json.hpp>

#include <cstring>
#include <format>

namespace upstart::client {

namespace {

int complain(const Surroundings& surroundings, const std::string& program, const Failure& failure) {
  surroundings.err << std::format("{}: {}\n", program, failure.message);
  if (failure.usage) surroundings.err << std::format("Try `{} --help' for more information.\n", program);
  return 1;
}

Json requested_help_json(const CommandLine& line) {
  if (line.options.has("--version")) return version_json(line.program);
  return line.command ? help_json_of(*line.command) : general_help_json();
}

std::string requested_help(const CommandLine& line) {
  if (line.options.has("--json")) return to_text(requested_help_json(line));
  if (line.options.has("--version")) return version_text(line.program);
  return line.command ? help_of(*line.command, line.usage_name) : general_help();
}

Outcome perform_connected(const Command& command, Call& call) {
  return with_upstart(call, [&](Upstart& upstart) {
    call.upstart = &upstart;
    return command.run(call);
  });
}

bool lacks_argument(const Command& command, const Call& call) {
  return !command.missing.empty() && call.arguments.empty() && !(command.own_job_will_do && call.own_job());
}

// The first argument that is one too many.
std::optional<std::string> superfluous_argument(const Command& command, const Call& call) {
  auto most = most_arguments(command);
  if (!most || call.arguments.size() <= *most) return std::nullopt;
  return call.arguments[*most];
}

Outcome perform(const Command& command, Call& call) {
  if (lacks_argument(command, call)) return std::unexpected{Failure{std::format("missing {}", command.missing), true}};
  if (auto argument = superfluous_argument(command, call))
    return std::unexpected{Failure{"unexpected argument: " + *argument, true}};
  return command.daemon == Daemon::needed ? perform_connected(command, call) : command.run(call);
}

int perform_line(const CommandLine& line, Surroundings& surroundings) {
  if (!line.command || line.options.has("--help") || line.options.has("--version")) {
    surroundings.out.write(requested_help(line));
    return 0;
  }
  Call call{surroundings, line.options, line.arguments};
  auto outcome = perform(*line.command, call);
  surroundings.out.flush();
  return outcome ? *outcome : complain(surroundings, line.program, outcome.error());
}

} // namespace

int run(const std::vector<std::string>& words, Surroundings& surroundings) {
  auto line = parse_command_line(words);
  if (!line)
    return complain(surroundings, words.empty() ? "initctl" : words[0].substr(words[0].rfind('/') + 1), line.error());
  int status = perform_line(*line, surroundings);
  surroundings.out.flush();
  if (int error = surroundings.out.error())
    return complain(surroundings, line->program, {std::format("Unable to write: {}", std::strerror(error))});
  return status;
}

} // namespace upstart::client
