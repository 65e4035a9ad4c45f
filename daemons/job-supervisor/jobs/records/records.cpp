#include "daemons/job-supervisor/jobs/records/records.hpp"

#include "daemons/base/bytes.hpp"
#include "daemons/job-supervisor/jobs/values/cases.hpp"
#include "daemons/job-supervisor/language/print-job.hpp"
#include "daemons/job-supervisor/lifecycle/life-bytes.hpp"

namespace upstart::supervisor {

using base::ByteReader;
using base::ByteWriter;

std::string record_key::of(std::string_view table, std::uint64_t id) { return of(table, std::to_string(id)); }
std::string record_key::of(std::string_view table, std::string_view name) {
  std::string key{table};
  key += name;
  return key;
}

namespace record {

namespace {

template <typename Write> std::string written(Write&& write) {
  std::string bytes;
  ByteWriter out{bytes};
  write(out);
  return bytes;
}

template <typename Function> auto read(std::string_view bytes, Function&& function) {
  ByteReader in{bytes};
  Read<std::invoke_result_t<Function, ByteReader&>> result = function(in);
  if (auto outcome = in.outcome(); !outcome) result = std::unexpected(outcome.error());
  return result;
}

void write_ids(ByteWriter& out, const std::vector<std::uint64_t>& ids) {
  out.list(ids, [&](std::uint64_t id) { out.number(id); });
}
std::vector<std::uint64_t> read_ids(ByteReader& in) {
  return in.list([&] { return in.number(); });
}

void write_actions(ByteWriter& out, const std::vector<protocol::JobAction>& actions) {
  out.list(actions, [&](const protocol::JobAction& action) {
    out.text(action.operation);
    out.text(action.job);
    out.text(action.instance);
  });
}
std::vector<protocol::JobAction> read_actions(ByteReader& in) {
  return in.list([&] { return protocol::JobAction{.operation = in.text(), .job = in.text(), .instance = in.text()}; });
}

void write_event(ByteWriter& out, const Event& event) {
  out.text(event.name);
  out.texts(event.environment.strings());
}
Event read_event(ByteReader& in) {
  return {.name = in.text(), .environment = protocol::Environment{in.texts()}, .files = {}};
}

enum class WaitsFor : std::uint8_t { nobody, job, caller, session_end };

void write_waits(ByteWriter& out, const Waits& waits) {
  std::visit(Cases{[&](const waits::Nobody&) { out.choice(WaitsFor::nobody); },
                   [&](const waits::ForJob& job) {
                     out.choice(WaitsFor::job);
                     out.number(job.job);
                     out.number(job.ticket);
                   },
                   [&](const waits::ForCaller& caller) {
                     out.choice(WaitsFor::caller);
                     out.number(caller.caller);
                   },
                   [&](const waits::ForSessionEnd&) { out.choice(WaitsFor::session_end); }},
             waits);
}
Waits read_waits(ByteReader& in) {
  switch (in.choice(WaitsFor::session_end)) {
  case WaitsFor::nobody: return waits::Nobody{};
  case WaitsFor::job: return waits::ForJob{.job = in.number(), .ticket = in.number()};
  case WaitsFor::caller: return waits::ForCaller{.caller = in.number()};
  case WaitsFor::session_end: return waits::ForSessionEnd{};
  }
  return waits::Nobody{};
}

enum class OperationKind : std::uint8_t { signal, signal_process, kill_strays, end_strays };
constexpr ProcessKind last_process = static_cast<ProcessKind>(process_kinds - 1);

void write_operation(ByteWriter& out, const Effect& effect) {
  std::visit(Cases{[&](const effect::Signal& signal) {
                     out.choice(OperationKind::signal);
                     out.choice(signal.process);
                     out.number(signal.number);
                   },
                   [&](const effect::SignalProcess& signal) {
                     out.choice(OperationKind::signal_process);
                     out.choice(signal.process);
                     out.number(signal.number);
                   },
                   [&](const effect::KillStrays&) { out.choice(OperationKind::kill_strays); },
                   [&](const effect::EndStrays& strays) {
                     out.choice(OperationKind::end_strays);
                     out.number(strays.signal);
                     out.number(strays.grace.count());
                   },
                   [](const auto&) {}}, // no operation
             effect);
}
Effect read_operation(ByteReader& in) {
  switch (in.choice(OperationKind::end_strays)) {
  case OperationKind::signal: return effect::Signal{.process = in.choice(last_process), .number = in.number<int>()};
  case OperationKind::signal_process:
    return effect::SignalProcess{.process = in.choice(last_process), .number = in.number<int>()};
  case OperationKind::kill_strays: return effect::KillStrays{};
  case OperationKind::end_strays:
    return effect::EndStrays{.signal = in.number<int>(), .grace = std::chrono::milliseconds{in.number<std::int64_t>()}};
  }
  return effect::KillStrays{};
}

} // namespace

std::string to_bytes(const Ids& ids) {
  return written([&](ByteWriter& out) {
    for (auto id : {ids.job, ids.emission, ids.caller, ids.file}) out.number(id);
  });
}
Read<Ids> ids_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    return Ids{.job = in.number(), .emission = in.number(), .caller = in.number(), .file = in.number()};
  });
}

std::string to_bytes(const JobClass& job_class) {
  return written([&](ByteWriter& out) {
    out.text(print(job_class));
    out.text(job_class.path);
    out.choice(dialect_of(job_class));
  });
}
Read<Class> class_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    return Class{.text = in.text(), .path = in.text(), .dialect = in.choice(Dialect::event_d)};
  });
}

std::string held_to_bytes(const ExpressionState& held) {
  return written([&](ByteWriter& out) { write_ids(out, held.held()); });
}
Read<ExpressionState> held_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) { return ExpressionState{read_ids(in)}; });
}

std::string to_bytes(const Facts& facts) {
  return written([&](ByteWriter& out) {
    out.optional(facts.spawn_failure, [&](const std::string& text) { out.text(text); });
    out.optional(facts.respawn_limit_end, [&](int status) { out.number(status); });
    out.texts(facts.warnings);
    out.text(facts.records.to_bytes());
    out.list(facts.failures, [&](const auto& each) {
      const auto& [instance, failure] = each;
      out.text(instance);
      out.number(failure.time);
      out.text(failure.text);
    });
  });
}
Read<Facts> facts_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    Facts facts{.spawn_failure = in.optional([&] { return in.text(); }),
                .respawn_limit_end = in.optional([&] { return in.number<int>(); }),
                .warnings = in.texts(),
                .records = JobRecords::of_bytes(in.text()).value_or(JobRecords{}),
                .failures = {}};
    auto failures = in.list([&] {
      auto instance = in.text();
      auto time = in.number<std::int64_t>();
      return std::pair{std::move(instance), InstanceFailure{.time = time, .text = in.text()}};
    });
    facts.failures = {failures.begin(), failures.end()};
    return facts;
  });
}

bool is_operation(const Effect& effect) {
  return std::holds_alternative<effect::Signal>(effect) || std::holds_alternative<effect::SignalProcess>(effect) ||
         std::holds_alternative<effect::KillStrays>(effect) || std::holds_alternative<effect::EndStrays>(effect);
}

std::string instance_to_bytes(const Job& job, bool gone, std::span<const Effect* const> operations) {
  return written([&](ByteWriter& out) {
    out.text(job.name());
    out.text(supervisor::to_bytes(job.life()));
    out.text(job.processes().notes());
    out.truth(gone);
    out.number(job.sought().to_ulong());
    out.list(operations, [&](const Effect* effect) { write_operation(out, *effect); });
  });
}
Read<Instance> instance_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    Instance instance{.job = in.text(), .life = {}, .notes = {}, .sought = {}, .operations = {}};
    auto life = life_of_bytes(in.text());
    if (life) instance.life = std::move(*life);
    else in.fail(life.error());
    instance.notes = in.text();
    instance.gone = in.truth();
    instance.sought = Job::Sought{in.number()};
    instance.operations = in.list([&] { return read_operation(in); });
    return instance;
  });
}

std::string to_bytes(const Spawn& spawn) {
  return written([&](ByteWriter& out) {
    out.number(spawn.job);
    out.choice(spawn.process);
  });
}
Read<Spawn> spawn_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) { return Spawn{.job = in.number(), .process = in.choice(last_process)}; });
}

std::string to_bytes(const HandledEvents::Handled& handled) {
  return written([&](ByteWriter& out) {
    write_event(out, handled.event);
    write_ids(out, handled.files);
    out.truth(handled.failed);
    write_actions(out, handled.actions);
  });
}
Read<HandledEvents::Handled> handled_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    return HandledEvents::Handled{
        .event = read_event(in), .files = read_ids(in), .failed = in.truth(), .actions = read_actions(in)};
  });
}

std::string to_bytes(const FinishedEvents::Finished& finished) {
  return written([&](ByteWriter& out) {
    out.truth(finished.failed);
    write_actions(out, finished.actions);
  });
}
Read<FinishedEvents::Finished> finished_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    return FinishedEvents::Finished{.failed = in.truth(), .actions = read_actions(in)};
  });
}

std::string to_bytes(const Emission& emission) {
  return written([&](ByteWriter& out) {
    write_event(out, emission.event);
    out.number(emission.origin.uid);
    out.number(emission.origin.pid);
    write_waits(out, emission.waits);
    out.choice(emission.stage);
    out.texts(emission.event.as_given);
    out.list(emission.files, [&](FileId file) { out.number(file); });
  });
}
// That of an earlier version ends with the stage.
Read<Emission> emission_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    Emission emission{.event = read_event(in),
                      .origin = {.uid = in.number<std::uint32_t>(), .pid = in.number<std::uint32_t>()},
                      .waits = read_waits(in),
                      .stage = in.choice(Emission::Stage::given_back)};
    if (in.outcome()) return emission;
    emission.event.as_given = in.texts();
    emission.files = in.list([&] { return in.number(); });
    return emission;
  });
}

std::string to_bytes(const Callers::Command& command) {
  return written([&](ByteWriter& out) {
    out.number(command.caller);
    out.number(command.answered.count());
    out.optional(command.outcome, [&](const Outcome& outcome) {
      out.truth(outcome.has_value());
      out.text(outcome ? *outcome : outcome.error().name);
      out.text(outcome ? "" : outcome.error().message);
    });
  });
}
Read<Callers::Command> command_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    Callers::Command command{.caller = in.number(), .outcome = {}};
    command.answered = MonotonicTime{in.number<std::int64_t>()};
    command.outcome = in.optional([&]() -> Outcome {
      bool good = in.truth();
      auto text = in.text(), message = in.text();
      if (good) return text;
      return std::unexpected(CommandError{.name = std::move(text), .message = std::move(message)});
    });
    return command;
  });
}

std::string to_bytes(const protocol::Environment& environment) {
  return written([&](ByteWriter& out) { out.texts(environment.strings()); });
}
Read<protocol::Environment> environment_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) { return protocol::Environment{in.texts()}; });
}

std::string to_bytes(const OfferedSockets::Place& place) {
  return written([&](ByteWriter& out) {
    const auto& [offer, file, holders, without, is_kept] = *place.socket;
    out.text(*place.job);
    out.number(place.index);
    out.number(file);
    out.text(offer.identity);
    out.text(offer.name);
    out.texts(offer.variables.strings());
    out.list(without, [&](JobId job) { out.number(job); });
  });
}
Read<Offer> offer_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    Offer offer{.job = in.text(), .index = in.number<std::size_t>(), .socket = {}};
    auto& socket = offer.socket;
    socket.file = in.number();
    socket.offer.identity = in.text();
    socket.offer.name = in.text();
    socket.offer.variables = protocol::Environment{in.texts()};
    auto without = read_ids(in);
    socket.without = {without.begin(), without.end()};
    return offer;
  });
}

std::string to_bytes(const std::set<std::string>& names) {
  return written([&](ByteWriter& out) { out.list(names, [&](const std::string& name) { out.text(name); }); });
}
Read<std::set<std::string>> names_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    auto names = in.texts();
    return std::set<std::string>{names.begin(), names.end()};
  });
}

std::string to_bytes(const Session& session) {
  return written([&](ByteWriter& out) {
    out.truth(session.event_offered);
    out.truth(session.told);
    out.number(session.grace_until.count());
    out.number(session.limit.count());
  });
}
Read<Session> session_of(std::string_view bytes) {
  return read(bytes, [](ByteReader& in) {
    return Session{.event_offered = in.truth(),
                   .told = in.truth(),
                   .grace_until = MonotonicTime{in.number<std::int64_t>()},
                   .limit = MonotonicTime{in.number<std::int64_t>()}};
  });
}

} // namespace record

} // namespace upstart::supervisor
