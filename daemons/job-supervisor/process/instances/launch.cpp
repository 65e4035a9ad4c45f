#include "daemons/job-supervisor/process/instances/launch.hpp"

#include "daemons/job-supervisor/process/instances/launch-failure.hpp"
#include "daemons/job-supervisor/process/spawn/script-file.hpp"

#include <cerrno>
#include <filesystem>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

constexpr const char* profile_loader = "/sbin/apparmor_parser";

std::optional<CommandLine> command_for(const JobClass& job_class, const SpawnRequest& request) {
  if (!job_class.has(request.kind)) return std::nullopt;
  if (request.kind == ProcessKind::security) {
    return CommandLine{.arguments = {profile_loader, "-r", "-W", job_class.apparmor_load}, .script = {}};
  }
  if (request.kind == ProcessKind::tmpfiles) {
    CommandLine line{.arguments = {std::string{tmpfiles_program}, "--create", "--remove", "--boot"}, .script = {}};
    line.arguments.insert(line.arguments.end(), job_class.tmpfiles.begin(), job_class.tmpfiles.end());
    return line;
  }
  CommandLine line = command_line(*job_class.command(request.kind), request.parameters, request.files.size());
  return line.arguments.empty() ? std::nullopt : std::optional{std::move(line)};
}

} // namespace

std::expected<Spawned, SpawnFailure> Launch::run(Readiness* readiness) {
  auto command = command_for(context_.job_class, request_);
  if (!command) return std::unexpected{SpawnFailure{"unable to execute: no command"}};
  context_.members.begin();
  PlanExtras extras;
  if (readiness != nullptr) readiness->prepare(extras);
  auto plan = std::make_unique<SpawnPlan>(
      make_plan(context_.job_class, request_, *command, context_.services.defaults, extras));
  if (plan->set_groups && plan->user.empty() && plan->group.empty() && plan->chroot.empty())
    plan->own_groups = context_.services.own_groups.current();
  for (auto step : {connect_streams(*plan), provide_script(*plan, *command), enter_groups(*plan), enter_mounts(*plan)})
    if (!step) return std::unexpected{step.error()};
  auto& started = context_.services.started;
  auto process = name_of(request_.kind);
  auto begun = started.begin(context_.job_class.name, context_.instance, process);
  plan->mark = begun.mark;
  plan->turn = begun.turn;
  auto spawned = spawn_child(std::move(plan), group_.get());
  if (!spawned) {
    started.forget(context_.job_class.name, context_.instance, process);
    return spawned;
  }
  if (!spawned->in_group) context_.members.leave_group();
  context_.members.add_spawned(spawned->pid);
  return spawned;
}

Launch::Done Launch::connect_streams(SpawnPlan& plan) {
  ProcessServices& services = context_.services;
  int null_device = services.null_device.get(), output = null_device, error = null_device;
  bool to_container = plan.console == Console::output && services.options.container;
  bool to_log = plan.console == Console::log || (to_container && services.logs.copies());
  if (to_log) plan.console = Console::log;
  if (to_log && services.logs.enabled()) {
    if (!context_.log) context_.log = services.logs.open(context_.job_class.name, context_.instance, context_.warn);
    auto opened = context_.log->open_for_process();
    if (!opened) return std::unexpected{unable_to("open the log's terminal", opened.error())};
    console_ = std::move(*opened);
    output = error = console_.get();
  }
  if (to_container && !to_log) {
    output = STDOUT_FILENO;
    error = STDERR_FILENO;
  }
  plan.put(null_device, STDIN_FILENO);
  plan.put(output, STDOUT_FILENO);
  plan.put(error, STDERR_FILENO);
  return {};
}

Launch::Done Launch::provide_script(SpawnPlan& plan, const CommandLine& command) {
  if (command.script_descriptor < 0) return {};
  auto file = script_file(command.script);
  if (!file) return std::unexpected{unable_to("hold the script", file.error())};
  script_ = std::move(*file);
  plan.put(script_.get(), command.script_descriptor);
  return {};
}

Launch::Done Launch::enter_groups(SpawnPlan& plan) {
  const JobClass& job_class = context_.job_class;
  if (has_groups(job_class) && context_.services.options.control_groups) {
    auto made = make_stanza_groups(job_class, context_.instance, protocol::Environment{request_.environment},
                                   group_trees(), context_.services.options.init_pid);
    if (!made) return std::unexpected{made.error()};
    stanza_groups_ = std::move(*made);
    for (const auto& warning : stanza_groups_.warnings)
      if (request_.kind == ProcessKind::main) context_.warn(warning);
    for (const auto& membership : stanza_groups_.memberships) plan.control_groups.push_back(membership.get());
  }
  if (!plan.control_groups.empty()) plan.shares_memory = false; // entering a group of v1 may take a while
  group_ = context_.members.enter(stanza_groups_);
  return {};
}

Launch::Done Launch::enter_mounts(SpawnPlan& plan) {
  if (!plan.sandbox || !plan.sandbox->has_mounts) return {};
  std::error_code ignored;
  if (plan.chdir.empty()) plan.sandbox->directory = std::filesystem::current_path(ignored);
  if (context_.mounts == nullptr) return {};
  namespace_ = context_.mounts->find();
  plan.sandbox->namespace_to_join = namespace_.get();
  if (namespace_) return {};
  auto socket = context_.mounts->begin(context_.services.kept);
  if (!socket) return std::unexpected{unable_to("share its mounts with later processes", socket.error())};
  namespace_ = std::move(*socket);
  plan.sandbox->namespace_socket = namespace_.get();
  return {};
}

} // namespace upstart::supervisor
