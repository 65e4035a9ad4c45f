// What an init hands to the one that is executed in its place, and how that takes it over.
#include "daemons/base/files/refused-execution.hpp"
#include "daemons/init/handover/re-execution.hpp"
#include "daemons/init/init.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>

namespace upstart::init {

namespace {

std::vector<HandedDescriptor> handed(const std::vector<std::pair<std::string, base::FileDescriptor>>& descriptors) {
  std::vector<HandedDescriptor> result;
  for (const auto& [name, descriptor] : descriptors) result.push_back({name, descriptor.get()});
  return result;
}

std::vector<HandedDescriptor> handed(const std::vector<std::pair<std::string, int>>& descriptors) {
  std::vector<HandedDescriptor> result;
  for (const auto& [name, fd] : descriptors) result.push_back({name, fd});
  return result;
}

std::optional<Daemon> daemon_of_program(const std::string& program) {
  for (auto daemon : all_daemons())
    if (entry(daemon).program == program) return daemon;
  return std::nullopt;
}

} // namespace

HandedState Init::state_to_hand_over() {
  HandedState state{.version = UPSTART_VERSION,
                    .directory = run_.directory,
                    .lock = run_directory_.lock(),
                    .goes_on = run_.goes_on,
                    .private_address = run_.private_address.value_or(""),
                    .notify_socket = notify_socket_.fd(),
                    .session_file = session_file_ ? session_file_->path() : "",
                    .open_files = open_files_.rlim_cur};
  for (auto daemon : all_daemons()) {
    const auto& managed = of(daemon);
    auto known = lifecycle_.known_of(daemon);
    state.daemons.push_back({.program = entry(daemon).program,
                             .pid = managed.pid,
                             .wanted = known.wanted,
                             .ready = known.ready,
                             .was_ready = known.was_ready,
                             .sockets = handed(managed.spec.sockets),
                             .kept = handed(managed.kept.all())});
  }
  kept_exits_.describe(state.exits, state.exits_forgotten);
  state.command = command_;
  return state;
}

// All that the daemons have said is in the state; what they say from now on the new program hears.
void Init::execute_anew(const std::string& asked_by) {
  if (!lifecycle_.is_running()) return log_.warning("init is ending and is not executed anew");
  notify_socket_.drain();
  reap();
  log_.info("executing {} anew", command_line_.front());
  base::RefusedExecution refused{
      .when = std::time(nullptr), .asked_by = asked_by, .why = execute_with(state_to_hand_over(), command_line_)};
  log_.error("init goes on as it is: {}", refused.why);
  if (auto written = refused.write(run_.directory); !written) log_.warning("{}", written.error());
}

void Init::take_over(const HandedState& state) {
  base::RefusedExecution::forget(run_.directory);
  open_files_.rlim_cur = state.open_files;
  if (!state.session_file.empty()) session_file_.emplace(SessionFile::taken_over(state.session_file));
  kept_exits_.restore(state.exits, state.exits_forgotten);
  command_ = state.command;
  std::vector<Lifecycle::Known> known;
  for (const auto& handed_daemon : state.daemons) {
    auto daemon = daemon_of_program(handed_daemon.program);
    if (!daemon) {
      log_.warning("{} ({}) is not known to this init, and is ended", handed_daemon.program, handed_daemon.pid);
      if (handed_daemon.pid > 0) ::kill(handed_daemon.pid, SIGTERM);
      continue;
    }
    auto& managed = of(*daemon);
    managed.pid = handed_daemon.pid;
    managed.started_before = handed_daemon.pid > 0;
    if (managed.pid > 0) managed.version = version_of("/proc/" + std::to_string(managed.pid) + "/exe");
    for (const auto& [name, fd] : handed_daemon.kept)
      if (auto kept = managed.kept.keep(name, base::FileDescriptor{fd}); !kept) log_.warning("{}", kept.error());
    known.push_back({.daemon = *daemon,
                     .wanted = handed_daemon.wanted,
                     .alive = handed_daemon.pid > 0,
                     .ready = handed_daemon.ready,
                     .was_ready = handed_daemon.was_ready});
  }
  log_.info("executed anew: upstart {} goes on for upstart {}", UPSTART_VERSION, state.version);
  resumed_ = std::move(known);
}

} // namespace upstart::init
