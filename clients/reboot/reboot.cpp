#include "clients/reboot/reboot.hpp"

#include "clients/system-v/login-records.hpp"
#include "clients/system-v/present-runlevels.hpp"
#include "clients/system-v/program.hpp"
#include "clients/system-v/system-files.hpp"

#include <format>

namespace upstart::client {

namespace {

struct Kind {
  std::string_view name;
  PowerAction action;
  std::string_view option; // of shutdown
  std::string_view synopsis;
};

constexpr Kind kinds[] = {{"reboot", PowerAction::reboot, "-r", "[COMMAND]"},
                          {"halt", PowerAction::halt, "-H", ""},
                          {"poweroff", PowerAction::power_off, "-P", ""}};

std::optional<Kind> kind_of(const std::string& path) {
  auto name = path.substr(path.rfind('/') + 1);
  for (const auto& kind : kinds)
    if (kind.name == name) return kind;
  return std::nullopt;
}

Program program_for(const Kind& kind) {
  return {
      .name = kind.name,
      .synopsis = kind.synopsis,
      .about = "Takes the system down by `shutdown', at once. In runlevel 0 or 6, where that has been done, and with "
               "-f, the "
               "kernel is told to do it now: nothing is stopped before.\n"
               "COMMAND is handed to the machine by `reboot -f'; what it means is a matter of the machine.",
      .options = {{"-f,--force", "", "tell the kernel, whatever the runlevel is"},
                  {"-p,--poweroff", "", "switch the power off"},
                  {"-w,--wtmp-only", "", "only record it in wtmp, and do nothing"},
                  {"-n,--no-sync", "", "do not write to the disks first what is not there yet"},
                  {"-d", "", ""},
                  {"-i", "", ""},
                  {"-h", "", ""}},
  };
}

void record(ProcessContext& context, const SystemFiles& files) {
  for (const auto& error : LoginRecords{files.utmp, files.wtmp}.record_shutdown())
    if (!error.is_missing())
      warn(context, std::format("unable to record it in {}: {}", error.file, error.code.message()));
}

bool is_going_down(const ProcessContext& context, const SystemFiles& files) {
  auto current = present_runlevels(context, files).current;
  return current == '0' || current == '6';
}

Outcome through_shutdown(const Kind& kind, Machine& machine) {
  auto error = machine.execute({"shutdown", std::string{kind.option}, "now"});
  return std::unexpected{Failure{std::format("unable to run shutdown: {}", error.message())}};
}

Outcome run(const Kind& called_as, const GivenWords& given, ProcessContext& context, Machine& machine) {
  const auto kind = given.has("poweroff") ? kinds[2] : called_as;
  std::string command = given.arguments.empty() ? "" : given.arguments[0];
  if (given.arguments.size() > 1 || (!command.empty() && kind.action != PowerAction::reboot))
    return std::unexpected{Failure{"unexpected argument: " + given.arguments.back(), true}};
  if (auto root = need_root(context); !root) return std::unexpected{root.error()};
  auto files = SystemFiles::of(context);
  if (given.has("wtmp-only")) return record(context, files), 0;
  if (!given.has("force") && !is_going_down(context, files)) {
    if (command.empty()) return through_shutdown(kind, machine);
    return std::unexpected{
        Failure{std::format("`{}' can be handed to the machine at once only; add -f, or leave it out", command), true}};
  }
  record(context, files);
  if (!given.has("no-sync")) machine.sync();
  auto error = machine.perform(kind.action, command);
  return std::unexpected{Failure{std::format("the kernel refused: {}", error.message())}};
}

} // namespace

int reboot(const std::vector<std::string>& words, ProcessContext& context, Machine& machine) {
  const auto kind = kind_of(words.empty() ? "" : words[0]);
  if (!kind) {
    context.err << std::format("{}: call it reboot, halt or poweroff: its name says what it does\n", context.program);
    return 1;
  }
  return run_program(program_for(*kind), words, context,
                     [&](const GivenWords& given) { return run(*kind, given, context, machine); });
}

} // namespace upstart::client
