#include "daemons/job-supervisor/jobs/tables/runs.hpp"

#include "daemons/base/bytes.hpp"

#include <algorithm>
#include <utility>

namespace upstart::supervisor {

namespace {

void write(base::ByteWriter& out, const std::string& instance, const Run& run) {
  out.text(instance);
  out.choice(run.origin);
  out.list(*run.causes, [&](const RunCause& cause) {
    out.number(cause.event);
    out.text(cause.name);
    out.text(cause.emitter->job);
    out.text(cause.emitter->instance);
  });
  out.list(run.moments, [&](const Moment& moment) {
    out.choice(moment.state);
    out.number(moment.time().count());
  });
  out.truth(run.failed);
}

Moment moment_of(State state, RunTime time) {
  return {.state = state, .microseconds = static_cast<std::uint64_t>(time.count()) & ((std::uint64_t{1} << 56U) - 1)};
}

PastRun read(base::ByteReader& in) {
  PastRun past;
  past.instance.edit() = in.text();
  past.instance.tidy();
  Run& run = past.run;
  run.origin = in.choice(RunOrigin::respawn);
  run.causes = RunCauses{in.list([&] {
    RunCause cause{.event = in.number(), .name = in.text()};
    cause.emitter.edit() = {.job = in.text(), .instance = in.text()};
    cause.emitter.tidy();
    return cause;
  })};
  run.moments = in.list([&] {
    auto state = in.choice(State::post_stop);
    return moment_of(state, RunTime{in.number<std::int64_t>()});
  });
  run.failed = in.truth();
  return past;
}

} // namespace

std::string_view name_of(RunOrigin origin) {
  switch (origin) {
  case RunOrigin::command: return "command";
  case RunOrigin::event: return "event";
  case RunOrigin::respawn: return "respawn";
  }
  return "";
}

bool Run::is_moment(State state) {
  switch (state) {
    using enum State;
  case security_spawning:
  case pre_starting:
  case spawning:
  case post_starting:
  case pre_stopping:
  case post_stopping: return false;
  default: return true;
  }
}

void Run::reached(State state, RunTime time) {
  if (std::ranges::contains(moments, state, [](const Moment& moment) { return moment.state; })) return;
  moments.reserve(moments.size() + 1); // there are few, and a service keeps them for as long as it runs
  moments.push_back(moment_of(state, time));
  is_written = false;
}

void keep(PastRuns& past, const std::string& instance, Run run) {
  if (past.size() == 2) past.pop_back();
  auto& kept = past.emplace_back(PastRun{.instance = {}, .run = std::move(run)});
  if (!instance.empty()) kept.instance.edit() = instance;
}

std::string record::to_bytes(const std::string& instance, const Run& run) {
  std::string bytes;
  base::ByteWriter out{bytes};
  write(out, instance, run);
  return bytes;
}

std::expected<Run, std::string> record::run_of(std::string_view bytes) {
  base::ByteReader in{bytes};
  auto run = read(in).run;
  if (auto outcome = in.outcome(); !outcome) return std::unexpected(outcome.error());
  return run;
}

std::string record::to_bytes(const PastRuns& runs) {
  std::string bytes;
  base::ByteWriter out{bytes};
  out.list(runs, [&](const PastRun& past) { write(out, *past.instance, past.run); });
  return bytes;
}

std::expected<PastRuns, std::string> record::runs_of(std::string_view bytes) {
  base::ByteReader in{bytes};
  auto runs = in.list([&] { return read(in); });
  if (auto outcome = in.outcome(); !outcome) return std::unexpected(outcome.error());
  return runs;
}

} // namespace upstart::supervisor
