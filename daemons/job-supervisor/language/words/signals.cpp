#include "daemons/job-supervisor/language/words/signals.hpp"

#include "daemons/base/values/suggestions.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>
#include <vector>

namespace upstart::supervisor {

namespace {

// The first name of a number is the one it is shown by.
constexpr std::array<std::pair<std::string_view, int>, 34> signals{{
    {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},   {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT}, {"BUS", SIGBUS},       {"FPE", SIGFPE},   {"KILL", SIGKILL}, {"USR1", SIGUSR1},
    {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},     {"PIPE", SIGPIPE}, {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"STKFLT", 16},    {"CHLD", SIGCHLD},     {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
    {"PROF", SIGPROF}, {"VTALRM", SIGVTALRM}, {"IO", SIGIO},     {"PWR", SIGPWR},   {"WINCH", SIGWINCH},
    {"SYS", SIGSYS},   {"IOT", SIGABRT},      {"CLD", SIGCHLD},  {"POLL", SIGIO},
}};

} // namespace

std::optional<int> signal_of_name(std::string_view name) {
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto found = std::ranges::find(signals, name, [](const auto& entry) { return entry.first; });
  return found == signals.end() ? std::nullopt : std::optional(found->second);
}

std::string name_of_signal(int number) {
  const auto found = std::ranges::find(signals, number, [](const auto& entry) { return entry.second; });
  return found == signals.end() ? std::to_string(number) : std::string(found->first);
}

std::string suggested_signal(std::string_view name) {
  if (name.starts_with("SIG")) name.remove_prefix(3);
  std::array<std::string_view, signals.size()> names;
  std::ranges::transform(signals, names.begin(), [](const auto& entry) { return entry.first; });
  return base::near_miss(name, names);
}

} // namespace upstart::supervisor
