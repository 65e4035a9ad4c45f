#include "daemons/job-supervisor/jobs/core/executor.hpp"

#include "daemons/base/fault-point.hpp"
#include "daemons/job-supervisor/jobs/core/socket-offers.hpp"
#include "daemons/job-supervisor/jobs/values/cases.hpp"

#include <utility>

namespace upstart::supervisor {

bool Executor::carry_out(std::chrono::microseconds until) {
  auto& ports = core_.ports;
  auto cases = Cases{
      [&](outgoing::Tell& tell) { ports.observer.tell(tell.notice); },
      [&](outgoing::Emit& emit) { ports.events.emit(emit.id, emit.event, emit.origin); },
      [&](outgoing::Record& record) { ports.events.record(record.event, record.origin); },
      [&](outgoing::Finish& finish) { ports.events.finished(finish.id, finish.failed, finish.actions); },
      [&](outgoing::Answer& answer) { core_.callers.answer(answer.caller, std::move(answer.outcome)); },
      [&](outgoing::OfJob& of_job) { carry_out(of_job); },
      [&](outgoing::Write& write) { ports.log.write(write.severity, write.text); },
  };
  auto& turn = core_.turn;
  if (!turn.is_leaving()) {
    turn.leaving = std::exchange(turn.outgoing, {});
    turn.left = 0;
    recorder_.begins_to_leave();
  }
  while (turn.is_leaving()) {
    recorder_.before_leaving();
    base::fault_point("turn.leaving");
    try {
      std::visit(cases, turn.leaving[turn.left++]);
    } catch (const std::exception& error) { // of a library: one effect fails, the turn goes on
      ports.log.write(Severity::error, std::string{"an operation failed: "} + error.what());
    }
    if (turn.is_leaving() && ports.clock.now_exactly() >= until) return false;
  }
  turn.leaving.clear();
  turn.left = 0;
  return true;
}

void Executor::carry_out(outgoing::OfJob& of_job) {
  auto& job = *of_job.job;
  if (record::is_operation(of_job.effect)) core_.classes.mark(job.id()); // it is no longer to be done
  std::visit(
      Cases{[&](effect::Spawn& spawned) { spawn(job, spawned); },
            [&](effect::Signal& signal) { job.processes().signal(signal.process, signal.number); },
            [&](effect::SignalProcess& signal) { job.processes().signal_process(signal.process, signal.number); },
            [&](effect::KillStrays&) { job.processes().kill_strays(); },
            [&](effect::EndStrays& strays) { job.processes().end_strays(strays.signal, strays.grace); },
            [](auto&) {}}, // the others stay inside: JobSteps
      of_job.effect);
}

void Executor::spawn(Job& job, effect::Spawn& spawn) {
  auto kind = spawn.process;
  if (kind == ProcessKind::security && !core_.ports.processes.apparmor_enabled())
    return core_.add_work(work::ForJob{job.id(), input::Ended{kind, 0}});
  auto pid = try_to_spawn(job, spawn);
  if (pid && kind == ProcessKind::main) SocketOffers{core_}.handed_over(job);
  if (pid) return record_spawned(job, kind, *pid);
  core_.add_work(work::ForJob{job.id(), input::NotExecuted{kind, pid.error().reason}});
}

// At once, and not with the next round: at most one process is ever there that nothing is known of, and it is known
// which one that would be.
void Executor::record_spawned(Job& job, ProcessKind kind, pid_t pid) {
  base::fault_point("turn.forked");
  [[maybe_unused]] auto none = job.step(input::Spawned{kind, pid}, core_.ports.clock.now());
  core_.classes.mark(job.id());
  recorder_.write();
}

std::expected<pid_t, SpawnFailure> Executor::try_to_spawn(Job& job, effect::Spawn& spawn) try {
  auto environment = std::exchange(spawn.environment, {}); // the effect stays until the turn has left
  environment.set("UPSTART_JOB", job.name());
  environment.set("UPSTART_INSTANCE", job.instance());
  if (const auto& address = core_.options.session_address; !address.empty())
    environment.set("UPSTART_SESSION", address);
  SpawnRequest request{.kind = spawn.process,
                       .environment = environment.strings(),
                       .files = job.files(spawn.files),
                       .parameters = std::move(spawn.positional)};
  if (spawn.process == ProcessKind::main) request.offered = SocketOffers{core_}.of(job);
  return job.processes().spawn(request);
} catch (const std::exception& error) { return std::unexpected(SpawnFailure{error.what()}); }

} // namespace upstart::supervisor
