#include "daemons/job-supervisor/process/plan/spawn-plan.hpp"

#include "protocol/environment.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

constexpr mode_t system_umask = 022;
constexpr int first_file = 3;
constexpr std::string_view default_path = "/bin:/usr/bin";
constexpr std::array<std::string_view, 2> pid_keys{"LISTEN_PID=", "WATCHDOG_PID="};
const std::string pid_place(11, '0'); // the child writes its own over this

std::string numbers_from(int first, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i ? " " : "") + std::to_string(first + static_cast<int>(i));
  return text;
}

std::string file_names(const SpawnRequest& request) {
  std::string text;
  for (std::size_t i = 0; i < request.files.size(); ++i) {
    if (i > 0) text += ':';
    text += i < request.file_names.size() ? request.file_names[i] : "unknown";
  }
  return text;
}

void describe_files(protocol::Environment& environment, const SpawnRequest& request) {
  if (request.files.empty()) return;
  environment.set("UPSTART_FDS", numbers_from(first_file, request.files.size()));
  environment.set("LISTEN_FDS", std::to_string(request.files.size()));
  environment.set("LISTEN_FDNAMES", file_names(request));
  environment.set("LISTEN_PID", pid_place);
}

void find_pid_places(SpawnPlan& plan) {
  for (std::size_t i = 0; i < plan.environment.size(); ++i)
    for (std::string_view key : pid_keys) {
      std::string_view entry = plan.environment[i];
      if (entry.starts_with(key) && entry.substr(key.size()) == pid_place)
        plan.own_pid.push_back(plan.environment[i] + key.size());
    }
}

void plan_environment(SpawnPlan& plan, const SpawnRequest& request, const PlanExtras& extras, int ready_descriptor) {
  protocol::Environment environment{request.environment};
  describe_files(environment, request);
  if (extras.ready_descriptor >= 0) environment.set("READY_FD", std::to_string(ready_descriptor));
  if (!extras.notify_socket.empty()) environment.set("NOTIFY_SOCKET", extras.notify_socket);
  if (extras.watchdog.count() > 0) {
    environment.set("WATCHDOG_USEC", std::to_string(std::chrono::microseconds{extras.watchdog}.count()));
    environment.set("WATCHDOG_PID", pid_place);
  }
  plan.environment = StringVector{environment.strings()};
  find_pid_places(plan);
}

void plan_descriptors(SpawnPlan& plan, const SpawnRequest& request, const CommandLine& command,
                      const PlanExtras& extras) {
  int next = first_file;
  for (const auto& file : request.files) plan.put(file->get(), next++);
  if (extras.ready_descriptor >= 0) plan.put(extras.ready_descriptor, next++);
  plan.script = command.script_descriptor;
  plan.first_free = std::max(next, plan.script + 1);
}

void plan_program(SpawnPlan& plan, const CommandLine& command, const std::vector<std::string>& environment) {
  plan.paths = StringVector{program_paths(command.arguments.front(), environment)};
  plan.arguments = StringVector{command.arguments};
  plan.with_shell = {const_cast<char*>("/bin/sh"), nullptr};
  for (std::size_t i = 1; i <= plan.arguments.size(); ++i) plan.with_shell.push_back(plan.arguments.data()[i]);
}

void plan_limits(SpawnPlan& plan, const JobClass& job_class) {
  for (const auto& [resource, limit] : job_class.limits)
    plan.limits.emplace_back(resource, rlimit{limit.soft, limit.hard});
}

// The stanzas that hold for every process but the helpers of the system.
void plan_context(SpawnPlan& plan, const JobClass& job_class, const SpawnDefaults& defaults) {
  plan_limits(plan, job_class);
  bool keeps_umask = defaults.user_session && defaults.inherit_environment;
  if (job_class.umask) plan.umask = static_cast<mode_t>(*job_class.umask);
  else if (!keeps_umask) plan.umask = system_umask;
  plan.nice = job_class.nice;
  if (job_class.oom_score_adjustment) plan.oom_score = std::to_string(*job_class.oom_score_adjustment);
  plan.chroot = job_class.chroot;
  bool stays =
      defaults.user_session && job_class.chroot.empty(); // a directory outside the new root would be a way out of it
  plan.chdir = job_class.chdir.empty() && !stays ? "/" : job_class.chdir;
  plan.user = job_class.setuid;
  plan.group = job_class.setgid;
  plan.sandbox = plan_sandbox(job_class);
}

// Mounts may take long; and who gains capabilities changes what all who share the memory may be asked for.
bool confines_itself_quickly(const SpawnPlan& plan) {
  return !plan.sandbox || (!plan.sandbox->has_mounts && plan.sandbox->ambient == 0);
}

bool can_share_memory(const SpawnPlan& plan) {
  bool same_directory = plan.chroot.empty() && (plan.chdir.empty() || plan.chdir == "/");
  bool same_user = plan.user.empty() && plan.group.empty();
  return same_directory && same_user && !plan.opens_console && plan.limits.empty() && !plan.nice &&
         plan.oom_score.empty() && plan.apparmor.empty() && !plan.stop_before_exec && confines_itself_quickly(plan);
}

} // namespace

StringVector::StringVector(std::vector<std::string> strings) : strings_{std::move(strings)} {
  pointers_.reserve(strings_.size() + 1);
  for (std::string& string : strings_) pointers_.push_back(string.data());
  pointers_.push_back(nullptr);
}

std::vector<std::string> program_paths(const std::string& name, const std::vector<std::string>& environment) {
  if (name.contains('/')) return {name};
  auto found = std::ranges::find_if(environment, [](const std::string& entry) { return entry.starts_with("PATH="); });
  std::string_view path = found == environment.end() ? default_path : std::string_view{*found}.substr(5);
  std::vector<std::string> paths;
  while (true) {
    std::size_t colon = std::min(path.find(':'), path.size());
    paths.push_back(colon == 0 ? name : std::string{path.substr(0, colon)} + "/" + name);
    if (colon == path.size()) return paths;
    path.remove_prefix(colon + 1);
  }
}

SpawnPlan make_plan(const JobClass& job_class, const SpawnRequest& request, const CommandLine& command,
                    const SpawnDefaults& defaults, const PlanExtras& extras) {
  SpawnPlan plan;
  bool helper = is_helper(request.kind);
  plan.console = job_class.console.value_or(defaults.console);
  plan.opens_console = plan.console == Console::owner || (plan.console == Console::output && !defaults.container);
  if (!helper) plan_context(plan, job_class, defaults);
  if (helper || !job_class.limits.contains(RLIMIT_NOFILE)) plan.descriptor_limit = defaults.descriptor_limit;
  if (request.kind == ProcessKind::main && defaults.apparmor) plan.apparmor = job_class.apparmor_switch;
  plan.set_groups = defaults.set_groups;
  plan.ignored_signals = defaults.ignored_signals;
  plan.stop_before_exec = defaults.debug && job_class.debug;
  plan_program(plan, command, request.environment);
  plan_descriptors(plan, request, command, extras);
  plan_environment(plan, request, extras, first_file + static_cast<int>(request.files.size()));
  plan.shares_memory = can_share_memory(plan);
  return plan;
}

} // namespace upstart::supervisor
