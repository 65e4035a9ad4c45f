#include "daemons/job-supervisor/process/instances/launch-failure.hpp"

#include "daemons/job-supervisor/process/plan/command-line.hpp"
#include "daemons/job-supervisor/process/plan/sandbox-plan.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <format>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

// "#!INTERPRETER" of a file, with a carriage return where the line ends with CR LF, as the kernel has it; empty: it has
// none, or cannot be read.
std::string interpreter_of(const std::string& path) {
  std::string line;
  std::getline(std::ifstream{path}, line);
  if (!line.starts_with("#!")) return {};
  auto begin = std::min(line.find_first_not_of(" \t", 2), line.size());
  return line.substr(begin, line.find_first_of(" \t", begin) - begin);
}

// Where a program of the job lies for this process.
std::string path_from_here(const JobClass& job_class, const std::string& program) {
  return job_class.chroot + (program.starts_with('/') ? "" : job_class.chdir + "/") + program;
}

std::string about_program(const JobClass& job_class, const std::string& program, int error) {
  std::string where = job_class.chroot.empty() ? "" : " below chroot " + job_class.chroot;
  if (!program.contains('/')) return program + ", which is in no directory of PATH" + where;
  std::string path = path_from_here(job_class, program);
  std::error_code ignored;
  if (error == EACCES && std::filesystem::is_directory(path, ignored))
    return program + where + ", which is a directory";
  std::string interpreter = error == ENOENT ? interpreter_of(path) : "";
  if (interpreter.ends_with('\r'))
    return program + where + ", whose first line ends with a carriage return (its lines end with CR LF)";
  if (!interpreter.empty()) return std::format("{}{}, whose interpreter {} is not there", program, where, interpreter);
  return program + where;
}

std::string not_expanded(const char* stanza, const std::string& value) {
  if (value.starts_with('~')) return std::format("{}: ~ is not expanded in `{}'", value, stanza);
  return value.contains('$') ? std::format("{}: variables are not expanded in `{}'", value, stanza) : value;
}

std::string in_words(std::uint64_t limit) {
  return limit == ResourceLimit::unlimited ? "unlimited" : std::to_string(limit);
}

// How high a hard limit may be made. That of descriptors the system limits, for root, too.
std::uint64_t highest_limit(int resource) {
  if (resource == RLIMIT_NOFILE && ::geteuid() == 0) {
    std::uint64_t most = 0;
    if (std::ifstream{"/proc/sys/fs/nr_open"} >> most) return most;
  }
  rlimit own{};
  return ::getrlimit(static_cast<__rlimit_resource_t>(resource), &own) == 0 ? own.rlim_max : ResourceLimit::unlimited;
}

std::string about_limit(const JobClass& job_class, const ChildFailure& failure) {
  auto found = job_class.limits.find(failure.detail);
  if (found == job_class.limits.end()) return {};
  const auto& [soft, hard] = found->second;
  std::string stanza = std::format("`limit {} {} {}'", resource_name(failure.detail), in_words(soft), in_words(hard));
  if (failure.error == EINVAL && soft > hard) return stanza + ": the soft limit is above the hard limit";
  if (failure.error == EPERM)
    return std::format("{}: the hard limit can be {} at most", stanza, in_words(highest_limit(failure.detail)));
  return stanza;
}

// The stanzas of a step that only root may take, and the capability that it needs; empty: another step, or none of
// them.
std::pair<std::string, std::string_view> privileged_stanzas(const JobClass& job_class, SpawnStep step) {
  std::string account;
  if (!job_class.setuid.empty()) account = std::format("`setuid {}'", job_class.setuid);
  if (!job_class.setgid.empty()) account += std::format("{}`setgid {}'", account.empty() ? "" : ", ", job_class.setgid);
  switch (step) {
  case SpawnStep::ownership: return {account, "CAP_CHOWN"};
  case SpawnStep::groups:
  case SpawnStep::set_group: return {account, "CAP_SETGID"};
  case SpawnStep::set_user: return {account, "CAP_SETUID"};
  case SpawnStep::chroot: return {std::format("`chroot {}'", job_class.chroot), "CAP_SYS_CHROOT"};
  case SpawnStep::nice: return {std::format("`nice {}'", job_class.nice.value_or(0)), "CAP_SYS_NICE"};
  case SpawnStep::oom:
    return {std::format("`oom score {}'", job_class.oom_score_adjustment.value_or(0)), "CAP_SYS_RESOURCE"};
  default: return {};
  }
}

std::string missing_privilege(const JobClass& job_class, const ChildFailure& failure) {
  bool is_refused = failure.error == EPERM || (failure.error == EACCES && failure.step != SpawnStep::chroot);
  if (!is_refused) return {};
  auto [stanzas, capability] = privileged_stanzas(job_class, failure.step);
  return stanzas.empty() ? "" : std::format("{}: this needs root ({})", stanzas, capability);
}

// What the step was about, as the job file names it; empty: nothing of that file.
std::string failed_object(const JobClass& job_class, ProcessKind kind, const ChildFailure& failure) {
  switch (failure.step) {
  case SpawnStep::chroot: return not_expanded("chroot", job_class.chroot);
  case SpawnStep::chdir: return job_class.chdir.empty() ? "/" : not_expanded("chdir", job_class.chdir);
  case SpawnStep::find_user: return not_expanded("setuid", job_class.setuid);
  case SpawnStep::find_group:
    return not_expanded("setgid", job_class.setgid.empty() ? job_class.setuid : job_class.setgid);
  case SpawnStep::limit: return about_limit(job_class, failure);
  case SpawnStep::apparmor: return job_class.apparmor_switch;
  case SpawnStep::console: return "/dev/console";
  case SpawnStep::execute: break;
  default: return {};
  }
  if (is_helper(kind)) return {};
  auto command = command_line(*job_class.command(kind));
  return command.arguments.empty() ? "" : about_program(job_class, command.arguments.front(), failure.error);
}

} // namespace

SpawnFailure describe_failure(const JobClass& job_class, ProcessKind kind, const ChildFailure& failure) {
  if (is_of_sandbox(failure.step)) return describe_sandbox(job_class, failure);
  SpawnFailure described = describe(failure);
  if (kind == ProcessKind::tmpfiles && failure.step == SpawnStep::execute)
    described.reason += std::format(" (the stanza tmpfiles needs the program {})", tmpfiles_program);
  else if (auto lacks = missing_privilege(job_class, failure); !lacks.empty()) described.reason += " (" + lacks + ")";
  else if (auto object = failed_object(job_class, kind, failure); !object.empty())
    described.reason += std::format(" ({})", object);
  return described;
}

} // namespace upstart::supervisor
