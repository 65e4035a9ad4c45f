// [Service]: what is run, when it is ready, and how it ends (systemd.service(5), systemd.kill(5)).
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/systemd/conversion.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::convert::systemd {

namespace {

using Commands = std::vector<Command> Conversion::*;

// What systemd tells the commands after a stop.
void tell_result_variables(Conversion& to, const Assignment& from, const Command& command) {
  for (const char* variable : {"SERVICE_RESULT", "EXIT_CODE"})
    if (command.text.contains(variable))
      to.missing(from, std::format("{} is not set; UPSTART_RESULT, UPSTART_EXIT_STATUS and UPSTART_EXIT_SIGNAL are",
                                   variable));
}

template <Commands list> void take_commands(Conversion& to, const Assignment& from) {
  auto commands = commands_of(to.unit, from.value);
  if (!commands && list == &Conversion::start) {
    to.failure = std::format("{}: {}", from.text(), commands.error());
    return;
  }
  if (!commands) return to.missing(from, commands.error());
  for (auto& command : *commands) {
    if (list == &Conversion::after_stop) tell_result_variables(to, from, command);
    if (list == &Conversion::conditions) to.begins_as_root = true;
    if (command.has_own_name) to.missing(from, "the program is not given another name (@)");
    to.needs_root = to.needs_root || command.is_privileged;
    (to.*list).push_back(std::move(command));
  }
}

// "/bin/kill -HUP $MAINPID": a signal that Upstart sends by itself.
std::optional<std::string> signal_to_main(const std::vector<std::string>& words) {
  if (words.size() < 2 || file_name(words.front()) != "kill" || !words.back().contains("MAINPID")) return std::nullopt;
  std::string name = words.size() == 2 ? "TERM" : words[words.size() - 2];
  while (name.starts_with('-')) name.erase(0, 1);
  if (name == "s" || name.empty() || words.size() > 4) return std::nullopt;
  return name;
}

void take_reload(Conversion& to, const Assignment& from) {
  auto commands = commands_of(to.unit, from.value);
  if (!commands) return to.missing(from, commands.error());
  for (const auto& command : *commands) {
    if (auto name = signal_to_main(command.words); name) {
      if (*name != "HUP" && *name != "SIGHUP" && *name != "1") to.set(from, "reload signal", *name);
      else to.note(from, "`initctl reload' sends SIGHUP");
    } else {
      to.missing(from, "`initctl reload' sends a signal, and runs no command");
    }
  }
}

void take_stop(Conversion& to, const Assignment& from) {
  auto commands = commands_of(to.unit, from.value);
  if (!commands) return to.missing(from, commands.error());
  for (auto& command : *commands) {
    if (auto name = signal_to_main(command.words); name && commands->size() == 1 && to.stop_signal.empty())
      to.stop_signal = *name;
    else to.stop.push_back(std::move(command));
  }
}

void take_type(Conversion& to, const Assignment& from) {
  constexpr std::array types{std::pair{"simple", Type::simple},        std::pair{"exec", Type::simple},
                             std::pair{"idle", Type::simple},          std::pair{"forking", Type::forking},
                             std::pair{"oneshot", Type::oneshot},      std::pair{"notify", Type::notify},
                             std::pair{"notify-reload", Type::notify}, std::pair{"dbus", Type::dbus}};
  auto found = std::ranges::find(types, from.value, [](const auto& row) { return std::string_view{row.first}; });
  if (found == types.end()) return to.missing(from, "not a type that upstart-convert knows");
  to.type = found->second;
  if (from.value == "idle") to.note(from, "the job does not wait until others are done");
  if (from.value == "dbus")
    to.missing(from, "the job runs when its program does; its name on the bus is not waited for");
  if (from.value == "notify-reload")
    to.note(from, "`initctl reload' sends SIGHUP; what is said of its progress is not awaited");
}

void take_remain(Conversion& to, const Assignment& from) { to.remains = is_true(from.value); }
void take_restart(Conversion& to, const Assignment& from) {
  to.restart = from.value;
  if (from.value == "on-success" || from.value == "on-abnormal" || from.value == "on-abort" ||
      from.value == "on-watchdog")
    to.missing(from, "the job is started again after every failure, not after this kind alone");
}
void take_restart_pause(Conversion& to, const Assignment& from) {
  auto time = seconds_of(from.value);
  if (!time) return to.missing(from, "not a time that upstart-convert knows");
  to.restart_pause = *time > 1 || from.value == "1" || from.value == "1s" ? std::to_string(*time) : "";
  if (to.restart_pause.empty()) to.note(from, "the job is started again at once");
}
void take_limit_count(Conversion& to, const Assignment& from) { to.limit_count = from.value; }
void take_limit_interval(Conversion& to, const Assignment& from) {
  auto time = seconds_of(from.value);
  if (!time) return to.missing(from, "not a time that upstart-convert knows");
  to.limit_interval = std::to_string(*time);
}
void take_stop_timeout(Conversion& to, const Assignment& from) {
  auto time = seconds_of(from.value);
  if (!time) return to.missing(from, "not a time that upstart-convert knows");
  bool is_endless = *time == 0 || from.value == "infinity"; // `kill timeout 0' would kill at once
  to.stop_timeout = is_endless ? "86400" : std::to_string(*time);
  if (is_endless) to.note(from, "a day");
}
void take_timeout(Conversion& to, const Assignment& from) {
  take_stop_timeout(to, from);
  if (from.value != "0" && from.value != "infinity") to.missing(from, "a start is not bounded in time; a stop is");
}
void take_start_timeout(Conversion& to, const Assignment& from) {
  if (from.value == "0" || from.value == "infinity") to.note(from, "a start is not bounded in time");
  else to.missing(from, "a start is not bounded in time");
}
void take_watchdog(Conversion& to, const Assignment& from) {
  auto time = seconds_of(from.value);
  if (!time) return to.missing(from, "not a time that upstart-convert knows");
  if (*time <= 0) return;
  to.job.set(std::format("watchdog {}", *time));
  to.watchdog = &from;
}
void take_normal_exits(Conversion& to, const Assignment& from) {
  for (const auto& word : words_of(from.value)) {
    bool is_known = word.starts_with("SIG") || word.find_first_not_of("0123456789") == std::string::npos;
    if (is_known) to.normal_exits.push_back(word);
    else to.missing(from, std::format("the exit status {} has a number in systemd's table only", word));
  }
}
void take_preventing_exits(Conversion& to, const Assignment& from) {
  take_normal_exits(to, from);
  to.missing(from, "the job is not started again, by `normal exit'; such an end counts as success then");
}
void take_kill_mode(Conversion& to, const Assignment& from) {
  if (from.value == "control-group") return;
  if (from.value == "mixed")
    return to.note(from, "the signal goes to the main process and its group, what is left is ended then");
  if (from.value == "none") to.missing(from, "the main process is ended");
  to.job.set("kill mode process");
}
void take_kill_signal(Conversion& to, const Assignment& from) { to.kill_signal = &from; }
void take_send_kill(Conversion& to, const Assignment& from) {
  if (is_false(from.value)) to.missing(from, "what does not end gets SIGKILL");
  else to.note(from, "what does not end gets SIGKILL");
}
void take_notify_access(Conversion& to, const Assignment& from) {
  to.note(from, "every process of the job may report");
}

constexpr const char* by_itself = "the main process is found without it";

constexpr std::array table{
    Directive{"Type", take_type},
    Directive{"ExecStart", take_commands<&Conversion::start>},
    Directive{"ExecStartPre", take_commands<&Conversion::before>},
    Directive{"ExecStartPost", take_commands<&Conversion::after>},
    Directive{"ExecCondition", take_commands<&Conversion::conditions>},
    Directive{"ExecStop", take_stop},
    Directive{"ExecStopPost", take_commands<&Conversion::after_stop>},
    Directive{"ExecReload", take_reload},
    Directive{"RemainAfterExit", take_remain},
    Directive{"Restart", take_restart},
    Directive{"RestartSec", take_restart_pause},
    Directive{"StartLimitBurst", take_limit_count},
    Directive{"StartLimitInterval", take_limit_interval},
    Directive{"StartLimitIntervalSec", take_limit_interval},
    Directive{"TimeoutStopSec", take_stop_timeout},
    Directive{"TimeoutStartSec", take_start_timeout},
    Directive{"TimeoutSec", take_timeout},
    Directive{"WatchdogSec", take_watchdog},
    Directive{"SuccessExitStatus", take_normal_exits},
    Directive{"RestartPreventExitStatus", take_preventing_exits},
    Directive{"KillMode", take_kill_mode},
    Directive{"KillSignal", take_kill_signal},
    Directive{"NotifyAccess", take_notify_access},
    note("PIDFile", by_itself),
    note("GuessMainPID", by_itself),
    note("BusName", "only systemd needs to know it"),
    note("Sockets", "the job gets the sockets that its conditions name"),
    note("FileDescriptorStoreMax", "no descriptors are kept"),
    missing("ExitType", "the job ends with its main process"),
    missing_value("RestartForceExitStatus", "the job is started again after every failure"),
    missing("RestartSteps", "the pause does not grow"),
    missing_value("RestartMaxDelaySec", "the pause does not grow"),
    missing("RestartMode", "those that depend on the job see it stop"),
    missing("RuntimeMaxSec", "a job runs as long as it likes"),
    missing_value("TimeoutAbortSec", "a job that hangs is ended like another"),
    missing("TimeoutStartFailureMode", "a start is not bounded in time"),
    missing("TimeoutStopFailureMode", "a job that does not stop gets SIGKILL"),
    missing("RootDirectoryStartOnly", "chroot is for all of the job's processes"),
    missing("NonBlocking", "descriptors are handed over as they are"),
    missing("USBFunctionDescriptors", "there is nothing like it"),
    missing("USBFunctionStrings", "there is nothing like it"),
    missing("OOMPolicy", "what the kernel kills has failed, and its job goes on as for any failure"),
    missing("OpenFile", "the program must open it"),
    missing("SendSIGHUP", "one signal is sent"),
    Directive{"SendSIGKILL", take_send_kill},
    missing("FinalKillSignal", "what does not end gets SIGKILL"),
    missing("RestartKillSignal", "a restart sends the signal of a stop"),
    missing("WatchdogSignal", "a watchdog sends SIGABRT"),
    missing("ReloadSignal", "say it by the stanza `reload signal'"),
    missing("SurviveFinalKillSignal", "there is nothing like it"),
    missing("PermissionsStartOnly", "it is of old; give the commands + in place of it"),
};

} // namespace

Directives service_directives() { return table; }

} // namespace upstart::convert::systemd
