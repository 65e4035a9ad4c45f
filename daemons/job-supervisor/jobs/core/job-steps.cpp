#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

#include "daemons/job-supervisor/jobs/core/socket-offers.hpp"
#include "daemons/job-supervisor/jobs/values/cases.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <array>
#include <utility>

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

RunCause cause_of(EventId id, const Event& event) {
  using enum JobEvent;
  RunCause cause{.event = id, .name = event.name};
  if (!std::ranges::contains(std::array{starting, started, stopping, stopped}, cause.name,
                             [](JobEvent each) { return name_of(each); }))
    return cause;
  cause.emitter.edit() = {.job = std::string{event.environment.get("JOB").value_or("")},
                          .instance = std::string{event.environment.get("INSTANCE").value_or("")}};
  return cause;
}

// The last that was decided about starting the instance is that it is started again, since its main process has ended.
// What is recorded on the way, such as a post-stop that fails, decides nothing.
bool was_respawned(const ClassEntry& entry, const std::string& instance) {
  const auto& records = entry.records.all();
  auto last = std::ranges::find_if(records.rbegin(), records.rend(), [&](const JobRecord& record) {
    using enum RecordKind;
    return *record.instance == instance &&
           (record.kind == started || record.kind == stopped || record.kind == respawned);
  });
  return last != records.rend() && last->kind == RecordKind::respawned;
}

} // namespace

void JobSteps::take(Job& job, Input input) {
  bool starts = std::holds_alternative<input::Start>(input);
  auto effects = job.step(std::move(input), core_.ports.clock.now());
  core_.classes.mark(job.id());
  if (starts) {
    SocketOffers{core_}.assign(job);
    forget_failure(job);
  }
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
              time(job, changed.state);
              core_.tell(notice::StateChanged{job.name(), job.instance(), changed.state});
            },
            [&](effect::Failed& failed) {
              job.run().failed = true;
              job.run().is_written = false;
              core_.tell(notice::Failed{job.name(), job.instance(), failed.status});
            },
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
            [&](effect::ArmKillTimer& timer) { core_.set_kill_timer(job, timer.after); },
            [&](effect::DisarmKillTimer&) { job.kill_timer().reset(); }, [&](effect::Remove&) { remove(job); },
            [&](auto& of_processes) {
              core_.turn.outgoing.emplace_back(outgoing::OfJob{&job, std::move(of_processes)});
            }},
      effect);
}

// It is started: how it failed before does not count any more.
void JobSteps::forget_failure(const Job& job) {
  auto& entry = *core_.classes.find(job.name());
  if (entry.failures.erase(job.instance()) > 0) core_.classes.mark_facts(entry.name());
}

// It goes, and this run of it has failed: that stays to be seen.
void JobSteps::keep_failure(ClassEntry& entry, const Job& job) {
  if (!job.life().setbacks->failure) return;
  InstanceFailure failure{.time = wall_clock(), .text = "the job failed"};
  for (const auto& record : entry.records.all())
    if (record.kind == RecordKind::ended && *record.instance == job.instance())
      failure = {.time = record.time, .text = *record.text};
  if (entry.failures.size() == ClassEntry::most_failures && !entry.failures.contains(job.instance()))
    entry.failures.erase(
        std::ranges::min_element(entry.failures, {}, [](const auto& each) { return each.second.time; }));
  entry.failures.insert_or_assign(job.instance(), std::move(failure));
  core_.classes.mark_facts(entry.name());
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
  keep_run(job);
  for (auto event : job.stop_on().state().reset()) core_.release(event, false);
  job.stop_on().unfile();
  SocketOffers{core_}.instance_gone(job);
  keep_failure(entry, job);
  core_.turn.gone.push_back(core_.classes.remove_instance(entry, job));
  core_.tell_activity(entry);
  if (entry.instances().empty() && entry.successor) core_.add_work(work::ReplaceClass{entry.name()});
  else core_.tell(notice::InstanceRemoved{entry.name(), job.instance()});
  if (core_.session_ends) core_.add_work(work::CheckSessionEnd{});
}

void JobSteps::time(Job& job, State state) {
  if (!Run::is_moment(state)) return;
  if (state == State::starting) begin_run(job);
  job.run().reached(state, core_.ports.clock.now_exactly());
}

void JobSteps::begin_run(Job& job) {
  keep_run(job);
  job.share_environment(core_.recent_environments);
  auto& run = job.run() = {};
  if (was_respawned(*core_.classes.find(job.name()), job.instance())) {
    run.origin = RunOrigin::respawn;
    return;
  }
  std::vector<RunCause> causes;
  for (auto id : job.life().waiting->blocked_events) causes.push_back(cause_of(id, core_.events.at(id).event));
  if (causes.empty()) return;
  run.origin = RunOrigin::event;
  run.causes = core_.recent_causes.share(std::move(causes));
}

void JobSteps::keep_run(Job& job) {
  if (job.run().moments.empty()) return;
  keep(core_.classes.find(job.name())->runs, job.instance(), std::exchange(job.run(), {}));
  core_.classes.mark_runs(job.name());
}

} // namespace upstart::supervisor
