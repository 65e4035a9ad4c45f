#include "daemons/job-supervisor/lifecycle/life-bytes.hpp"

#include "daemons/base/bytes.hpp"

#include <format>

namespace upstart::supervisor {

namespace {

using base::ByteReader;
using base::ByteWriter;

constexpr ProcessKind last_process = static_cast<ProcessKind>(process_kinds - 1);
constexpr State last_state = static_cast<State>(state_count - 1);

// What is written and what is read stand beside each other: one function for each direction of each part.

void write(ByteWriter& out, const std::vector<std::uint64_t>& ids) {
  out.list(ids, [&](std::uint64_t id) { out.number(id); });
}
std::vector<std::uint64_t> read_ids(ByteReader& in) {
  return in.list([&] { return in.number(); });
}

void write(ByteWriter& out, const protocol::Environment& environment) { out.texts(environment.strings()); }
protocol::Environment read_environment(ByteReader& in) { return protocol::Environment{in.texts()}; }

void write(ByteWriter& out, const LiveProcess& process) {
  out.truth(process.alive);
  out.number(process.pid);
}
LiveProcess read_process(ByteReader& in) { return {.alive = in.truth(), .pid = in.number<pid_t>()}; }

void write(ByteWriter& out, const Failure& failure) {
  out.optional(failure.process, [&](ProcessKind process) { out.choice(process); });
  out.optional(failure.wait_status, [&](int status) { out.number(status); });
}
Failure read_failure(ByteReader& in) {
  return {.process = in.optional([&] { return in.choice(last_process); }),
          .wait_status = in.optional([&] { return in.number<int>(); })};
}

void write(ByteWriter& out, const StartParameters& start) {
  write(out, start.environment);
  write(out, start.files);
  out.texts(start.positional);
}
StartParameters read_start(ByteReader& in) {
  return {.environment = read_environment(in), .files = read_ids(in), .positional = in.texts()};
}

void write(ByteWriter& out, const Caller& caller) {
  out.number(caller.id);
  out.choice(caller.command);
}
Caller read_caller(ByteReader& in) { return {.id = in.number(), .command = in.choice(CommandKind::restart)}; }

MonotonicTime read_time(ByteReader& in) { return MonotonicTime{in.number<std::int64_t>()}; }

void write_course(ByteWriter& out, const Life& life) {
  const auto& setbacks = *life.setbacks;
  out.choice(life.goal);
  out.choice(life.state);
  out.choice(life.previous_state);
  out.optional(life.awaited_event, [&](Ticket ticket) { out.number(ticket); });
  out.number(life.last_ticket);
  for (const auto& process : life.processes) write(out, process);
  out.choice(life.hook_goal);
  out.truth(life.hook_killed);
  out.truth(life.main_killed);
  out.optional(life.kill_deadline, [&](MonotonicTime deadline) { out.number(deadline.count()); });
  out.truth(life.restart_pending);
  out.truth(life.stop_requested);
  out.optional(setbacks.failure, [&](const Failure& failure) { write(out, failure); });
  out.optional(setbacks.respawned_after, [&](const Failure& failure) { write(out, failure); });
  out.truth(life.may_respawn);
  out.number(setbacks.respawns);
  out.number(setbacks.first_respawn.count());
  out.number(setbacks.quick_ends);
  out.number(life.main_started.count());
  out.number(setbacks.respawn_pause.count());
  out.truth(setbacks.pausing);
}
void read_course(ByteReader& in, Life& life) {
  auto& setbacks = life.setbacks.edit();
  life.goal = in.choice(Goal::respawn);
  life.state = in.choice(last_state);
  life.previous_state = in.choice(last_state);
  life.awaited_event = in.optional([&] { return in.number(); });
  life.last_ticket = in.number();
  for (auto& process : life.processes) process = read_process(in);
  life.hook_goal = in.choice(Goal::respawn);
  life.hook_killed = in.truth();
  life.main_killed = in.truth();
  life.kill_deadline = in.optional([&] { return read_time(in); });
  life.restart_pending = in.truth();
  life.stop_requested = in.truth();
  setbacks.failure = in.optional([&] { return read_failure(in); });
  setbacks.respawned_after = in.optional([&] { return read_failure(in); });
  life.may_respawn = in.truth();
  setbacks.respawns = in.number<unsigned>();
  setbacks.first_respawn = read_time(in);
  setbacks.quick_ends = in.number<unsigned>();
  life.main_started = read_time(in);
  setbacks.respawn_pause = read_time(in);
  setbacks.pausing = in.truth();
  life.setbacks.tidy();
}

void write_belongings(ByteWriter& out, const Life& life) {
  write(out, life.environment);
  const auto& parts = *life.rare;
  write(out, parts.stop_environment);
  write(out, parts.files);
  out.texts(parts.positional);
  out.optional(parts.pending_start, [&](const StartParameters& start) { write(out, start); });
  write(out, life.waiting->blocked_events);
  out.list(life.waiting->callers, [&](const Caller& caller) { write(out, caller); });
  write(out, life.stop_on.held());
  out.text(parts.status_text);
  out.texts(parts.ignored_failures);
  if (parts.ended_main != 0) out.number(parts.ended_main); // seldom: without it an earlier version can read the rest
}
void read_belongings(ByteReader& in, Life& life) {
  life.environment = read_environment(in);
  auto& parts = life.rare.edit();
  parts.stop_environment = read_environment(in);
  parts.files = read_ids(in);
  parts.positional = in.texts();
  parts.pending_start = in.optional([&] { return read_start(in); });
  auto& waiting = life.waiting.edit();
  waiting.blocked_events = read_ids(in);
  waiting.callers = in.list([&] { return read_caller(in); });
  life.waiting.tidy();
  life.stop_on = ExpressionState{read_ids(in)};
  parts.status_text = in.text();
  parts.ignored_failures = in.texts();
  if (!in.at_end()) parts.ended_main = in.number<pid_t>();
  life.rare.tidy();
}

} // namespace

std::string to_bytes(const Life& life) {
  std::string bytes;
  ByteWriter out{bytes};
  out.number(life_format);
  out.text(life.instance);
  write_course(out, life);
  write_belongings(out, life);
  return bytes;
}

std::expected<Life, std::string> life_of_bytes(std::string_view bytes) {
  ByteReader in{bytes};
  if (auto format = in.number<unsigned>(); format != life_format && !in.failed())
    in.fail(std::format("a job is written in form {}, and form {} is known here", format, life_format));
  Life life;
  life.instance = in.text();
  read_course(in, life);
  read_belongings(in, life);
  if (auto outcome = in.outcome(); !outcome) return std::unexpected(outcome.error());
  return life;
}

} // namespace upstart::supervisor
