// What the memory holds of each thing, as bytes and back: a record for each entry of a table, under a key that names it
// ("job/12", "event/7"). Pure. Each pair of functions stands together in records.cpp; `record_form` changes whenever
// what one of them writes changes.
#pragma once

#include "daemons/job-supervisor/jobs/tables/callers.hpp"
#include "daemons/job-supervisor/jobs/tables/class-entry.hpp"
#include "daemons/job-supervisor/jobs/tables/emissions.hpp"
#include "daemons/job-supervisor/jobs/tables/finished-events.hpp"
#include "daemons/job-supervisor/jobs/tables/handled-events.hpp"
#include "daemons/job-supervisor/jobs/tables/job-records.hpp"
#include "daemons/job-supervisor/jobs/tables/job.hpp"
#include "daemons/job-supervisor/jobs/tables/offered-sockets.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"

#include <expected>
#include <map>
#include <set>
#include <span>

namespace upstart::supervisor {

inline constexpr unsigned record_form = 4;

// The records by key.
using Records = std::map<std::string, std::string>;
// The descriptors that were kept.
using KeptFiles = std::map<FileId, std::shared_ptr<const base::FileDescriptor>>;

namespace record_key {
inline constexpr std::string_view ids = "ids", environment = "environment", session = "session", watched = "watched",
                                  spawn = "spawn";
// Followed by an id or a name.
inline constexpr std::string_view job = "job/", event = "event/", finished = "finished/", emission = "emission/",
                                  command = "command/", job_class = "class/", held = "held/", facts = "facts/",
                                  kept = "kept/", offer = "offer/", run = "run/", runs = "runs/";
[[nodiscard]] std::string of(std::string_view table, std::uint64_t id);
[[nodiscard]] std::string of(std::string_view table, std::string_view name);
} // namespace record_key

namespace record {

template <typename T> using Read = std::expected<T, std::string>; // the error says what is wrong with the bytes

// Ids below these may have been given, and are not given again.
struct Ids {
  JobId job = 0;
  EmissionId emission = 0;
  CallerId caller = 0;
  FileId file = 0;
  friend bool operator==(const Ids&, const Ids&) = default;
};
[[nodiscard]] std::string to_bytes(const Ids& ids);
[[nodiscard]] Read<Ids> ids_of(std::string_view bytes);

// A class in force, as the text of a job file.
struct Class {
  std::string text, path;
  Dialect dialect = Dialect::conf;
};
[[nodiscard]] std::string to_bytes(const JobClass& job_class);
[[nodiscard]] Read<Class> class_of(std::string_view bytes);

// What its `start on` holds, by node.
[[nodiscard]] std::string held_to_bytes(const ExpressionState& held);
[[nodiscard]] Read<ExpressionState> held_of(std::string_view bytes);

// What is remembered of a class for those who ask why.
struct Facts {
  std::optional<std::string> spawn_failure;
  std::optional<int> respawn_limit_end;
  std::vector<std::string> warnings;
  JobRecords records;
  std::map<std::string, InstanceFailure> failures;
};
[[nodiscard]] std::string to_bytes(const Facts& facts);
[[nodiscard]] Read<Facts> facts_of(std::string_view bytes);

// An instance: its class's name, its life, what its processes are taken up by, and what was still to be done to them.
struct Instance {
  std::string job;
  Life life;
  std::string notes;
  bool gone = false; // nothing else is to be done
  Job::Sought sought;
  Effects operations;
};
// Whether an effect is one of these operations.
[[nodiscard]] bool is_operation(const Effect& effect);
[[nodiscard]] std::string instance_to_bytes(const Job& job, bool gone, std::span<const Effect* const> operations);
[[nodiscard]] Read<Instance> instance_of(std::string_view bytes);

// The process that is to be started next. Of all that are to be started it is the only one that may have been, when the
// supervisor has died.
struct Spawn {
  JobId job = 0;
  ProcessKind process = ProcessKind::main;
  friend bool operator==(const Spawn&, const Spawn&) = default;
};
[[nodiscard]] std::string to_bytes(const Spawn& spawn);
[[nodiscard]] Read<Spawn> spawn_of(std::string_view bytes);

// Descriptors cannot be written down; how many there were is.
[[nodiscard]] std::string to_bytes(const HandledEvents::Handled& handled);
[[nodiscard]] Read<HandledEvents::Handled> handled_of(std::string_view bytes);
[[nodiscard]] std::string to_bytes(const FinishedEvents::Finished& finished);
[[nodiscard]] Read<FinishedEvents::Finished> finished_of(std::string_view bytes);
[[nodiscard]] std::string to_bytes(const Emission& emission);
[[nodiscard]] Read<Emission> emission_of(std::string_view bytes);
[[nodiscard]] std::string to_bytes(const Callers::Command& command);
[[nodiscard]] Read<Callers::Command> command_of(std::string_view bytes);
[[nodiscard]] std::string to_bytes(const protocol::Environment& environment);
[[nodiscard]] Read<protocol::Environment> environment_of(std::string_view bytes);

// A socket that a bridge offers to a job, without its descriptor.
struct Offer {
  std::string job;
  std::size_t index = 0; // among those of the job
  OfferedSocket socket;
};
[[nodiscard]] std::string to_bytes(const OfferedSockets::Place& place);
[[nodiscard]] Read<Offer> offer_of(std::string_view bytes);

// Names, in order.
[[nodiscard]] std::string to_bytes(const std::set<std::string>& names);
[[nodiscard]] Read<std::set<std::string>> names_of(std::string_view bytes);

// The end of the session, from its beginning.
struct Session {
  bool event_offered = false, told = false;
  MonotonicTime grace_until{0}; // 0: it is over, and all jobs have been stopped
  MonotonicTime limit{0};
  [[nodiscard]] bool grace_is_over() const { return grace_until == MonotonicTime{0}; }
  friend bool operator==(const Session&, const Session&) = default;
};
[[nodiscard]] std::string to_bytes(const Session& session);
[[nodiscard]] Read<Session> session_of(std::string_view bytes);

} // namespace record

} // namespace upstart::supervisor
