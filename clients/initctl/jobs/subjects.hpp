// What a command on jobs is about: JOB [KEY=VALUE]... of the command line, as the original has it; several JOBs, or
// patterns that stand for some; or, inside a job's own process, that job itself.
#pragma once

#include "clients/base/commands/tracked-commands.hpp"
#include "clients/initctl/command/call.hpp"

namespace upstart::client {

struct Subject {
  std::string job;
  std::vector<std::string> environment = {};
  std::optional<std::string> instance = {}; // by its name, which a pattern or the job's own process tells
  bool is_own_job = false;                  // of the job whose process this is

  [[nodiscard]] JobSelection selection() const { return {job, environment, instance}; }
};

// What a pattern stands for.
enum class PatternMeaning : std::uint8_t {
  jobs_without_instance, // what can be started
  instances,             // what can be stopped
  both,                  // what has a status
};

// Nothing where the words name one job only: then `subject_of` has it.
//
// An argument that has no `=` is the name of a further job, or a pattern (fnmatch(3)), if one of them is known as such;
// else it is left to the daemon, which says that it wants KEY=VALUE. The assignments hold for all. What patterns stand
// for is remembered in the call: the command means the same when it is done again. The failure names the pattern that
// matches nothing.
[[nodiscard]] std::expected<std::optional<std::vector<Subject>>, Failure> several_subjects_of(Call& call,
                                                                                              PatternMeaning meaning);
[[nodiscard]] Subject subject_of(const Call& call);

} // namespace upstart::client
