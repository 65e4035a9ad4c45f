#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

#include "daemons/job-supervisor/jobs/core/socket-offers.hpp"
#include "daemons/job-supervisor/jobs/values/cases.hpp"
#include "protocol/names.hpp"

namespace upstart::supervisor {

namespace {

const char* failure_message(CommandKind kind) {
  switch (kind) {
  case CommandKind::start: return "Job failed to start";
  case CommandKind::stop: return "Job failed while stopping";
  case CommandKind::restart: return "Job failed to restart";
  }
  return "";
}

} // namespace

void JobSteps::take(Job& job, Input input) {
  bool starts = std::holds_alternative<input::Start>(input);
  auto effects = job.step(std::move(input), core_.ports.clock.now());
  core_.classes.mark(job.id());
  if (starts) SocketOffers{core_}.assign(job);
  for (auto& effect : effects) carry_out(job, effect);
  // Last, so that an event that it failed comes after those that the job itself emits because of that.
  for (const auto& effect : effects)
    if (const auto* release = std::get_if<effect::ReleaseEvents>(&effect))
      for (auto event : release->events) core_.release(event, release->failed);
}

void JobSteps::carry_out(Job& job, Effect& effect) {
  std::visit(
      Cases{[&](effect::GoalChanged& changed) {
              core_.tell(notice::GoalChanged{job.name(), job.instance(), changed.goal});
            },
            [&](effect::StateChanged& changed) {
              core_.tell(notice::StateChanged{job.name(), job.instance(), changed.state});
            },
            [&](effect::Failed& failed) { core_.tell(notice::Failed{job.name(), job.instance(), failed.status}); },
            [&](effect::Emit& emitted) { emit(job, emitted); },
            [&](effect::BlockEvents& block) {
              for (auto event : block.events) core_.events.block(event);
            },
            [](effect::ReleaseEvents&) {}, // when all else is done: `take`
            [&](effect::Answer& answered) { answer(job, answered); },
            [&](effect::ExpandStopOn&) { job.stop_on().expand(job.job_class().stop_on, job.life().environment); },
            [&](effect::RecordSpawnFailure& failure) {
              core_.classes.find(job.name())->spawn_failure =
                  std::make_unique<const std::string>(std::move(failure.text));
              core_.classes.mark_facts(job.name());
            },
            [&](effect::RecordRespawnLimit& limit) {
              core_.classes.find(job.name())->respawn_limit_end = limit.wait_status;
              core_.classes.mark_facts(job.name());
            },
            [&](effect::Record& record) { note(job, record.kind, std::move(record.text)); },
            [&](effect::Log& log) { core_.write(log.severity, std::move(log.text)); },
            [&](effect::Remove&) { remove(job); },
            [&](auto& of_processes) {
              core_.turn.outgoing.emplace_back(outgoing::OfJob{&job, std::move(of_processes)});
            }},
      effect);
}

void JobSteps::note(const Job& job, RecordKind kind, std::string text) {
  core_.note(*core_.classes.find(job.name()), kind, job.instance(), std::move(text));
}

void JobSteps::emit(Job& job, effect::Emit& emit) {
  Waits waits = waits::Nobody{};
  if (emit.ticket != 0) waits = waits::ForJob{.job = job.id(), .ticket = emit.ticket};
  core_.emit({.event = {.name = std::string{name_of(emit.event)}, .environment = std::move(emit.environment)},
              .waits = waits});
}

void JobSteps::answer(const Job& job, const effect::Answer& answer) {
  if (answer.failed)
    core_.answer(answer.caller,
                 std::unexpected(CommandError{protocol::error_name::job_failed, failure_message(answer.command)}));
  else core_.answer(answer.caller, job.path());
}

Job& JobSteps::make_instance(ClassEntry& entry, const std::string& name) {
  auto& job = core_.classes.add_instance(entry, core_.world, name);
  if (core_.session_ends) take(job, input::ForbidRespawn{});
  core_.tell(notice::InstanceAdded{entry.name(), name});
  core_.tell_activity(entry);
  return job;
}

void JobSteps::remove(Job& job) {
  auto& entry = *core_.classes.find(job.name());
  for (auto event : job.stop_on().state().reset()) core_.release(event, false);
  job.stop_on().unfile();
  SocketOffers{core_}.instance_gone(job);
  core_.turn.gone.push_back(core_.classes.remove_instance(entry, job));
  core_.tell_activity(entry);
  if (entry.instances().empty() && entry.successor) core_.add_work(work::ReplaceClass{entry.name()});
  else core_.tell(notice::InstanceRemoved{entry.name(), job.instance()});
  if (core_.session_ends) core_.add_work(work::CheckSessionEnd{});
}

} // namespace upstart::supervisor
