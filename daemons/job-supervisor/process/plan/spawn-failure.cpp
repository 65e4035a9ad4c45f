#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <array>
#include <cstring>
#include <sys/resource.h>
#include <utility>

namespace upstart::supervisor {

namespace {

struct StepText {
  SpawnStep step;
  const char* what;
  bool with_error = true;
};

constexpr std::array step_texts{
    StepText{SpawnStep::session, "create a session"},
    StepText{SpawnStep::descriptors, "arrange descriptors"},
    StepText{SpawnStep::console, "open console"},
    StepText{SpawnStep::apparmor, "switch security profile"},
    StepText{SpawnStep::nice, "set priority"},
    StepText{SpawnStep::oom, "set oom adjustment"},
    StepText{SpawnStep::chroot, "change root directory"},
    StepText{SpawnStep::chdir, "change working directory"},
    StepText{SpawnStep::find_user, "find setuid user", false},
    StepText{SpawnStep::find_group, "find setgid group", false},
    StepText{SpawnStep::ownership, "change ownership of descriptors"},
    StepText{SpawnStep::groups, "set supplementary groups"},
    StepText{SpawnStep::control_group, "enter control group"},
    StepText{SpawnStep::set_group, "set group"},
    StepText{SpawnStep::set_user, "set user"},
    StepText{SpawnStep::signals, "reset signals"},
    StepText{SpawnStep::execute, "execute"},
};

constexpr std::array<std::pair<int, const char*>, 14> resource_names{{{RLIMIT_AS, "as"},
                                                                      {RLIMIT_CORE, "core"},
                                                                      {RLIMIT_CPU, "cpu"},
                                                                      {RLIMIT_DATA, "data"},
                                                                      {RLIMIT_FSIZE, "fsize"},
                                                                      {RLIMIT_MEMLOCK, "memlock"},
                                                                      {RLIMIT_MSGQUEUE, "msgqueue"},
                                                                      {RLIMIT_NICE, "nice"},
                                                                      {RLIMIT_NOFILE, "nofile"},
                                                                      {RLIMIT_NPROC, "nproc"},
                                                                      {RLIMIT_RSS, "rss"},
                                                                      {RLIMIT_RTPRIO, "rtprio"},
                                                                      {RLIMIT_SIGPENDING, "sigpending"},
                                                                      {RLIMIT_STACK, "stack"}}};

} // namespace

std::string resource_name(int resource) {
  for (auto [number, name] : resource_names)
    if (number == resource) return name;
  return std::to_string(resource);
}

SpawnFailure unable_to(std::string_view what, int error) {
  return {"unable to " + std::string{what} + ": " + std::strerror(error)};
}

SpawnFailure describe(const ChildFailure& failure) {
  if (failure.step == SpawnStep::limit)
    return unable_to("set \"" + resource_name(failure.detail) + "\" resource limit", failure.error);
  for (const StepText& text : step_texts)
    if (text.step == failure.step)
      return text.with_error ? unable_to(text.what, failure.error)
                             : SpawnFailure{"unable to " + std::string{text.what}};
  return unable_to("start", failure.error);
}

} // namespace upstart::supervisor
