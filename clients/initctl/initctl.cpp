#include "clients/initctl/initctl.hpp"

#include "clients/base/plain/visible-text.hpp"
#include "clients/base/terminal/terminal.hpp"
#include "clients/base/upstart.hpp"
#include "clients/initctl/advice.hpp"
#include "clients/initctl/command/command-line.hpp"
#include "clients/initctl/command/command-table.hpp"
#include "clients/initctl/command/help.hpp"
#ifdef UPSTART_MQTT
#include "clients/initctl/fleet/at-node.hpp"
#endif
#include "daemons/base/command-line/help-text.hpp"

#include <nlohmann/json.hpp>

#include <cstring>
#include <format>

namespace upstart::client {

namespace {

int report_failure(const ProcessContext& context, const std::string& program, const Failure& failure) {
  // Where output goes to a terminal, errors most often do, too.
  auto shown = [&](const std::string& text) { return terminal_width(context) ? visible_lines(text) : text; };
  context.err << std::format("{}: {}\n", program, shown(failure.message));
  if (!failure.hint.empty()) context.err << std::format("{}: {}\n", program, shown(failure.hint));
  if (failure.usage) context.err << std::format("Try `{} --help' for more information.\n", program);
  return 1;
}

Json requested_help_json(const CommandLine& line) {
  if (line.options.has("--version")) return version_json(line.program);
  return line.command ? help_json_of(*line.command) : general_help_json();
}

std::string requested_help(const CommandLine& line, const ProcessContext& context) {
  if (line.options.has("--json")) return to_text(requested_help_json(line));
  if (line.options.has("--version")) return version_text(line.program);
  auto width = base::help_width(terminal_width(context));
  return line.command ? help_of(*line.command, line.usage_name, width) : general_help(width);
}

Outcome perform_connected(const Command& command, Call& call) {
  return with_upstart(call.target_options(), call.context, [&](Upstart& upstart) {
    call.upstart = &upstart;
    try {
      return command.run(call);
    } catch (const sdbus::Error& error) {
      auto advice = advice_on(error, call, upstart);
      if (advice.empty()) throw;
      auto failure = explained(error, upstart.connection().target());
      failure.hint = std::move(advice);
      return Outcome{std::unexpected{failure}};
    }
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
#ifdef UPSTART_MQTT
  if (call.has("--node") && command.name != "emit") return perform_at_node(command, call);
#endif
  return command.daemon == Daemon::needed ? perform_connected(command, call) : command.run(call);
}

int perform_line(const CommandLine& line, ProcessContext& context) {
  if (!line.command || line.options.has("--help") || line.options.has("--version")) {
    context.out.write(requested_help(line, context));
    return 0;
  }
  context.program = line.program;
  Call call{context, line.options, line.arguments};
  auto outcome = perform(*line.command, call);
  context.out.flush();
  return outcome ? *outcome : report_failure(context, line.program, outcome.error());
}

} // namespace

int run(const std::vector<std::string>& words, ProcessContext& context) {
  auto line = parse_command_line(words, all_commands());
  if (!line)
    return report_failure(context, words.empty() ? "initctl" : words[0].substr(words[0].rfind('/') + 1), line.error());
  int status = perform_line(*line, context);
  context.out.flush();
  if (int error = context.out.error())
    return report_failure(context, line->program, {std::format("Unable to write: {}", std::strerror(error))});
  return status;
}

} // namespace upstart::client
