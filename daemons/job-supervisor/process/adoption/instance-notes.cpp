#include "daemons/job-supervisor/process/adoption/instance-notes.hpp"

#include "daemons/base/bytes.hpp"

#include <algorithm>

namespace upstart::supervisor {

namespace {

using base::ByteReader;
using base::ByteWriter;

constexpr std::uint64_t form = 1; // of these bytes; another one is not read
constexpr auto last_kind = static_cast<ProcessKind>(process_kinds - 1);

void write_numbers(ByteWriter& out, const auto& numbers) {
  out.list(numbers, [&](auto number) { out.number(number); });
}

void write(ByteWriter& out, const ProcessId& id) {
  out.number(id.pid);
  out.number(id.earliest);
  out.number(id.latest);
}
ProcessId read_id(ByteReader& in) {
  return {.pid = in.number<pid_t>(), .earliest = in.number(), .latest = in.number()};
}

void write(ByteWriter& out, const ProcessNote& note) {
  out.choice(note.kind);
  write(out, note.id);
  out.truth(note.executed);
  out.optional(note.failure, [&](const ChildFailure& failure) {
    out.choice(failure.step);
    out.number(failure.error);
    out.number(failure.detail);
  });
}
ProcessNote read_process(ByteReader& in) {
  return {.kind = in.choice(last_kind), .id = read_id(in), .executed = in.truth(), .failure = in.optional([&] {
            return ChildFailure{
                .step = in.choice(last_spawn_step), .error = in.number<int>(), .detail = in.number<int>()};
          })};
}

void write(ByteWriter& out, const SearchNote& search) {
  out.choice(search.kind);
  out.number(search.since);
  out.number(search.until);
  out.optional(search.told, [&](const ProcessId& id) { write(out, id); });
  write_numbers(out, search.signals);
}
SearchNote read_search(ByteReader& in) {
  return {.kind = in.choice(last_kind),
          .since = in.number(),
          .until = in.number(),
          .told = in.optional([&] { return read_id(in); }),
          .signals = in.list([&] { return in.number<int>(); })};
}

void write(ByteWriter& out, const EndingNote& ending) {
  ending.scope.write(out);
  out.optional(ending.wait_status, [&](int status) { out.number(status); });
  out.truth(ending.out_of_time);
}
EndingNote read_ending(ByteReader& in) {
  auto scope = EndScope::read(in);
  auto wait_status = in.optional([&] { return in.number<int>(); });
  return {.scope = std::move(scope), .wait_status = wait_status, .out_of_time = in.truth()};
}

} // namespace

const ProcessNote* InstanceNotes::of(ProcessKind kind) const {
  auto found = std::ranges::find(processes, kind, &ProcessNote::kind);
  return found == processes.end() ? nullptr : &*found;
}

const SearchNote* InstanceNotes::search_of(ProcessKind kind) const {
  auto found = std::ranges::find(searches, kind, &SearchNote::kind);
  return found == searches.end() ? nullptr : &*found;
}

std::string to_bytes(const InstanceNotes& notes) {
  std::string bytes;
  ByteWriter out{bytes};
  out.number(form);
  out.number(notes.written);
  notes.members.write(out);
  out.texts(notes.stanza_directories);
  out.list(notes.processes, [&](const ProcessNote& note) { write(out, note); });
  out.truth(notes.ready_told);
  out.number(notes.main_process_group);
  out.text(notes.log.path);
  write_numbers(out, notes.log.terminals);
  write_numbers(out, notes.log.pipes);
  out.text(notes.readiness);
  out.optional(notes.ending, [&](const EndingNote& ending) { write(out, ending); });
  if (notes.mount_namespace != 0 || !notes.searches.empty()) out.number(notes.mount_namespace);
  if (!notes.searches.empty()) out.list(notes.searches, [&](const SearchNote& search) { write(out, search); });
  return bytes;
}

std::expected<InstanceNotes, std::string> read_notes(std::string_view bytes) {
  ByteReader in{bytes};
  if (in.number() != form) in.fail("the notes of its processes have an unknown form");
  InstanceNotes notes;
  notes.written = in.number();
  notes.members = JobMembers::read(in);
  notes.stanza_directories = in.texts();
  notes.processes = in.list([&] { return read_process(in); });
  notes.ready_told = in.truth();
  notes.main_process_group = in.number<pid_t>();
  notes.log.path = in.text();
  notes.log.terminals = in.list([&] { return in.number(); });
  notes.log.pipes = in.list([&] { return in.number(); });
  notes.readiness = in.text();
  notes.ending = in.optional([&] { return read_ending(in); });
  if (!in.at_end()) notes.mount_namespace = in.number();
  if (!in.at_end()) notes.searches = in.list([&] { return read_search(in); });
  if (auto outcome = in.outcome(); !outcome) return std::unexpected(outcome.error());
  return notes;
}

} // namespace upstart::supervisor
