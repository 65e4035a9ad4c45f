#include "daemons/job-supervisor/jobs/core/recorder.hpp"

#include "daemons/base/fault-point.hpp"

#include <algorithm>
#include <ranges>

namespace upstart::supervisor {

namespace {

// Ids are reserved in blocks, so that not every new one is to be written down.
constexpr std::uint64_t block = 1000;

record::Ids used_ids(const Core& core) {
  return {.job = core.classes.last_id(),
          .emission = core.emissions.last(),
          .caller = core.callers.last(),
          .file = core.events.last_file()};
}

bool within(const record::Ids& used, const record::Ids& reserved) {
  return used.job <= reserved.job && used.emission <= reserved.emission && used.caller <= reserved.caller &&
         used.file <= reserved.file;
}

record::Facts facts_of(const ClassEntry& entry) {
  return {.spawn_failure = entry.spawn_failure ? std::optional{*entry.spawn_failure} : std::nullopt,
          .respawn_limit_end = entry.respawn_limit_end,
          .warnings = entry.warnings,
          .records = entry.records,
          .failures = entry.failures};
}

bool has_facts(const ClassEntry& entry) {
  return entry.spawn_failure || entry.respawn_limit_end || !entry.warnings.empty() || !entry.records.all().empty() ||
         !entry.failures.empty();
}

} // namespace

void Recorder::put(const std::string& key, std::string_view bytes) {
  written_.insert(key);
  put_untracked(key, bytes);
}

void Recorder::erase(const std::string& key) {
  if (written_.erase(key) > 0) erase_untracked(key);
}

void Recorder::put_untracked(std::string_view key, std::string_view bytes) {
  dirty_ = true;
  core_.ports.memory->put(key, bytes);
}

void Recorder::erase_untracked(std::string_view key) {
  dirty_ = true;
  core_.ports.memory->erase(key);
}

void Recorder::write() try {
  if (core_.ports.memory == nullptr) return drop_changes();
  if (!missed_) return write_changes();
  rewrite();
  missed_ = false;
} catch (const std::exception& error) { // no memory left, say: jobs run on, and the next time all is written
  if (!std::exchange(missed_, true))
    core_.ports.log.write(Severity::error, std::string{"what happens cannot be written down now: "} + error.what());
}

void Recorder::write_changes() {
  auto* memory = core_.ports.memory;
  record_jobs();
  record_classes();
  record_events();
  record_emissions();
  record_others();
  record_offers();
  record_ids();
  record_next_spawn();
  if (!std::exchange(dirty_, false)) return;
  base::fault_point("memory.before-write");
  memory->write([this](const Put& put) { put_all(put); });
  forget_dropped_files();
  base::fault_point("memory.written");
}

void Recorder::rewrite() {
  auto* memory = core_.ports.memory;
  drop_changes();
  if (memory == nullptr) return;
  written_.clear();
  instances_.clear();
  classes_.clear();
  note_all_pending_operations();
  record_ids();
  session_ = core_.session;
  watched_ = core_.watched_events.size();
  dirty_ = false;
  if (missed_) {
    count_missed_files();
  } else { // of those that were restored there is a copy
    for (const auto* job : core_.classes.instances()) count_files(job->id(), job, false);
    for (const auto& [id, emission] : core_.emissions.all())
      if (!emission.files.empty()) emission_files_.emplace(id, emission.files);
  }
  memory->rewrite([this](const Put& put) { put_all(put); });
}

void Recorder::begins_to_leave() {
  of_outgoing_.look_at(core_.turn.leaving);
  of_leaving_ = std::exchange(of_outgoing_, {});
}

// Calls it with each value that is to leave yet, of those at these places.
void Recorder::for_each_pending(const PendingEffects::Places* in_leaving, const PendingEffects::Places* in_outgoing,
                                const std::function<void(const Outgoing&)>& call) const {
  const auto& turn = core_.turn;
  if (in_leaving != nullptr && turn.is_leaving())
    for (auto place = std::ranges::lower_bound(*in_leaving, turn.left); place != in_leaving->end(); ++place)
      call(turn.leaving[*place]);
  if (in_outgoing != nullptr)
    for (auto place : *in_outgoing) call(turn.outgoing[place]);
}

// What the processes of a job are still to be told: it is written down with the job until it has been done.
void Recorder::note_pending_operations_of(JobId id) {
  auto note = [&](const Outgoing& outgoing) {
    const auto& of_job = std::get<outgoing::OfJob>(outgoing);
    auto& pending = pending_[id];
    pending.job = of_job.job;
    pending.operations.push_back(&of_job.effect);
  };
  for_each_pending(of_leaving_.operations_of(id), of_outgoing_.operations_of(id), note);
}

void Recorder::note_pending_operations(const std::vector<JobId>& jobs) {
  pending_.clear();
  of_outgoing_.look_at(core_.turn.outgoing);
  for (auto id : jobs) note_pending_operations_of(id);
}

void Recorder::note_all_pending_operations() {
  pending_.clear();
  of_outgoing_.look_at(core_.turn.outgoing);
  for (const auto& [id, _] : of_leaving_.operations()) note_pending_operations_of(id);
  for (const auto& [id, _] : of_outgoing_.operations())
    if (!pending_.contains(id)) note_pending_operations_of(id);
}

std::optional<record::Spawn> Recorder::next_spawn() {
  of_outgoing_.look_at(core_.turn.outgoing);
  const auto& turn = core_.turn;
  const auto &leaving = of_leaving_.spawns(), &outgoing = of_outgoing_.spawns();
  auto first = turn.is_leaving() ? std::ranges::lower_bound(leaving, turn.left) : leaving.end();
  if (first != leaving.end()) return spawn_in(turn.leaving[*first]);
  if (!outgoing.empty()) return spawn_in(turn.outgoing[outgoing.front()]);
  return std::nullopt;
}

std::string Recorder::bytes_of(const Job& job, bool gone) const {
  auto pending = pending_.find(job.id());
  std::span<const Effect* const> operations;
  if (pending != pending_.end()) operations = pending->second.operations;
  return record::instance_to_bytes(job, gone, operations);
}

namespace {
std::vector<FileId> files_named_by(const Life& life) {
  auto files = life.rare->files;
  if (const auto& next = life.rare->pending_start) files.insert(files.end(), next->files.begin(), next->files.end());
  return files;
}

template <typename Table> std::vector<typename Table::key_type> keys_of(const Table& table) {
  auto keys = table | std::views::keys;
  return {keys.begin(), keys.end()};
}
} // namespace

// Before it is written that a life names a descriptor, a copy of it is kept; of those that were restored there is one.
void Recorder::count_files(JobId id, const Job* job, bool keep) {
  auto names = job != nullptr ? files_named_by(job->life()) : std::vector<FileId>{};
  auto known = files_.find(id);
  if (names.empty() && known == files_.end()) return;
  for (auto file : names)
    if (++file_uses_[file] == 1 && keep)
      for (const auto& descriptor : job->files({file})) core_.ports.memory->keep_file(file, *descriptor);
  if (known == files_.end()) known = files_.emplace(id, std::vector<FileId>{}).first;
  for (auto file : std::exchange(known->second, names))
    if (--file_uses_[file] == 0) dropped_files_.push_back(file);
  if (names.empty()) files_.erase(known);
}

// Nobody has written what changed meanwhile: of descriptors that have come there is no copy yet, and of those that have
// gone there may be one.
void Recorder::count_missed_files() {
  for (auto id : keys_of(files_)) count_files(id, core_.classes.find(id), true);
  for (const auto* job : core_.classes.instances()) count_files(job->id(), job, true);
  for (auto id : keys_of(emission_files_)) count_files(id, core_.emissions.find(id));
  for (const auto& [id, emission] : core_.emissions.all()) count_files(id, &emission);
  for (auto& [job, sockets] : core_.offers.all())
    for (auto& socket : sockets)
      if (!std::exchange(socket.is_kept, true)) core_.ports.memory->keep_file(socket.file, *socket.offer.file);
}

void Recorder::forget_dropped_files() {
  for (auto file : std::exchange(dropped_copies_, {})) core_.ports.memory->forget_file(file);
  for (auto file : std::exchange(dropped_files_, {})) {
    auto uses = file_uses_.find(file);
    if (uses == file_uses_.end() || uses->second > 0) continue;
    core_.ports.memory->forget_file(file);
    file_uses_.erase(uses);
  }
}

void Recorder::record_jobs() {
  auto& changes = core_.classes.job_changes();
  if (changes.empty()) return;
  auto changed = changes.take();
  note_pending_operations(changed);
  for (auto id : changed) {
    auto key = record_key::of(record_key::job, id);
    auto* job = core_.classes.find(id);
    count_files(id, job, true);
    record_run(id, job);
    if (job != nullptr) {
      put_class_of(*core_.classes.find(job->name()),
                   [this](std::string_view name, std::string_view bytes) { put_untracked(name, bytes); });
      put_untracked(key, bytes_of(*job, false));
    } else if (auto pending = pending_.find(id); pending != pending_.end()) {
      instances_.emplace(id, false);
      put_untracked(key, bytes_of(*pending->second.job, true));
    } else if (instances_.erase(id) > 0) {
      erase_untracked(key);
    }
  }
}

void Recorder::record_run(JobId id, Job* job) {
  auto key = record_key::of(record_key::run, id);
  if (job == nullptr) {
    if (auto known = instances_.find(id); known != instances_.end() && std::exchange(known->second, false))
      erase_untracked(key);
    return;
  }
  instances_[id] = true;
  if (!std::exchange(job->run().is_written, true)) put_untracked(key, record::to_bytes(job->instance(), job->run()));
}

// Once for each class in force, when something of it is written down that needs it.
void Recorder::put_class_of(const ClassEntry& entry, const Put& put) {
  auto& known = classes_[entry.name()].text;
  if (known == entry.job_class()) return;
  known = entry.job_class();
  put(record_key::of(record_key::job_class, entry.name()), record::to_bytes(*known));
}

std::string Recorder::key_of(ClassPart part, const std::string& name) {
  switch (part) {
  case ClassPart::held: return record_key::of(record_key::held, name);
  case ClassPart::facts: return record_key::of(record_key::facts, name);
  case ClassPart::runs: return record_key::of(record_key::runs, name);
  }
  return {};
}

void Recorder::put_class_part(ClassPart part, const std::string& name, std::string_view bytes, const Put& put) {
  classes_[name].parts.set(static_cast<std::size_t>(part));
  put(key_of(part, name), bytes);
}

void Recorder::erase_class_part(ClassPart part, const std::string& name) {
  auto known = classes_.find(name);
  if (known == classes_.end() || !known->second.parts.test(static_cast<std::size_t>(part))) return;
  known->second.parts.reset(static_cast<std::size_t>(part));
  erase_untracked(key_of(part, name));
}

void Recorder::record_classes() {
  auto put_record = [this](std::string_view key, std::string_view bytes) { put_untracked(key, bytes); };
  for (const auto& name : core_.classes.class_changes().take()) {
    const auto* entry = core_.classes.find(name);
    auto known = classes_.find(name);
    if (known != classes_.end() && known->second.text != nullptr &&
        (entry == nullptr || entry->job_class() != known->second.text)) {
      known->second.text.reset();
      erase_untracked(record_key::of(record_key::job_class, name));
    }
    if (entry == nullptr || entry->start_on().state().empty()) {
      erase_class_part(ClassPart::held, name);
    } else {
      put_class_of(*entry, put_record);
      put_class_part(ClassPart::held, name, record::held_to_bytes(entry->start_on().state()), put_record);
    }
    if (entry == nullptr || !has_facts(*entry)) erase_class_part(ClassPart::facts, name);
    if (entry == nullptr || entry->runs.empty()) erase_class_part(ClassPart::runs, name);
    known = classes_.find(name);
    if (known != classes_.end() && !known->second.text && known->second.parts.none()) classes_.erase(known);
  }
  for (const auto& name : core_.classes.fact_changes().take())
    if (const auto* entry = core_.classes.find(name); entry != nullptr && has_facts(*entry))
      put_class_part(ClassPart::facts, name, record::to_bytes(facts_of(*entry)), put_record);
  for (const auto& name : core_.classes.run_changes().take())
    if (const auto* entry = core_.classes.find(name); entry != nullptr && !entry->runs.empty())
      put_class_part(ClassPart::runs, name, record::to_bytes(entry->runs), put_record);
}

void Recorder::record_events() {
  for (auto id : core_.events.changes().take()) {
    auto key = record_key::of(record_key::event, id);
    if (core_.events.contains(id)) put(key, record::to_bytes(core_.events.at(id)));
    else erase(key);
  }
  for (auto id : core_.finished.changes().take()) {
    auto key = record_key::of(record_key::finished, id);
    if (const auto* finished = core_.finished.find(id)) put(key, record::to_bytes(*finished));
    else erase(key);
  }
}

void Recorder::record_emissions() {
  for (auto id : core_.emissions.changes().take()) {
    auto key = record_key::of(record_key::emission, id);
    const auto* emission = core_.emissions.find(id);
    count_files(id, emission);
    if (emission != nullptr) put(key, record::to_bytes(*emission));
    else erase(key);
  }
}

// A copy of each of its descriptors is kept before the first record of it, and until the last.
void Recorder::count_files(EmissionId id, const Emission* emission) {
  if (emission == nullptr) {
    if (auto kept = emission_files_.extract(id))
      dropped_copies_.insert(dropped_copies_.end(), kept.mapped().begin(), kept.mapped().end());
  } else if (!emission->files.empty() && emission_files_.emplace(id, emission->files).second) {
    for (const auto& [file, descriptor] : std::views::zip(emission->files, emission->event.files))
      core_.ports.memory->keep_file(file, *descriptor);
  }
}

void Recorder::record_others() {
  const auto& commands = core_.callers.commands();
  for (const auto& token : core_.callers.changes().take()) {
    auto key = record_key::of(record_key::command, token);
    if (auto found = commands.find(token); found != commands.end()) put(key, record::to_bytes(found->second));
    else erase(key);
  }
  for (const auto& name : core_.kept_changes.take()) put(record_key::of(record_key::kept, name), core_.kept[name]);
  if (core_.environments.take_change()) {
    const auto& environments = core_.environments;
    if (environments.is_initial()) erase(std::string{record_key::environment});
    else put(std::string{record_key::environment}, record::to_bytes(environments.global()));
  }
  if (watched_ != core_.watched_events.size()) {
    watched_ = core_.watched_events.size();
    put(std::string{record_key::watched}, record::to_bytes(core_.watched_events));
  }
  if (core_.session_ends && session_ != core_.session) {
    session_ = core_.session;
    put(std::string{record_key::session}, record::to_bytes(session_));
  }
}

// Before it is written that a socket is offered, a copy of its descriptor is kept.
void Recorder::record_offers() {
  for (auto file : core_.offers.changes().take()) {
    auto key = record_key::of(record_key::offer, file);
    if (auto place = core_.offers.find(file)) {
      if (!std::exchange(place->socket->is_kept, true)) core_.ports.memory->keep_file(file, *place->socket->offer.file);
      put(key, record::to_bytes(*place));
    } else if (written_.contains(key)) {
      erase(key);
      dropped_copies_.push_back(file);
    }
  }
}

void Recorder::record_ids() {
  auto used = used_ids(core_);
  if (within(used, reserved_)) return;
  reserved_ = {.job = used.job + block,
               .emission = used.emission + block,
               .caller = used.caller + block,
               .file = used.file + block};
  put(std::string{record_key::ids}, record::to_bytes(reserved_));
}

// One that is written down and has been started is of no harm: its job knows the process.
void Recorder::record_next_spawn() {
  auto next = next_spawn();
  if (!next || next == spawn_) return;
  spawn_ = next;
  put(std::string{record_key::spawn}, record::to_bytes(*next));
}

// It is written down already, unless the one before it was not started.
void Recorder::before_leaving() {
  auto spawn = spawn_in(core_.turn.leaving[core_.turn.left]);
  if (spawn && spawn != spawn_) write();
}

void Recorder::drop_changes() {
  [[maybe_unused]] auto jobs = core_.classes.job_changes().take();
  [[maybe_unused]] auto classes = core_.classes.class_changes().take();
  [[maybe_unused]] auto facts = core_.classes.fact_changes().take();
  [[maybe_unused]] auto runs = core_.classes.run_changes().take();
  [[maybe_unused]] auto events = core_.events.changes().take();
  [[maybe_unused]] auto finished = core_.finished.changes().take();
  [[maybe_unused]] auto emissions = core_.emissions.changes().take();
  [[maybe_unused]] auto commands = core_.callers.changes().take();
  [[maybe_unused]] auto kept = core_.kept_changes.take();
  [[maybe_unused]] auto offers = core_.offers.changes().take();
  [[maybe_unused]] bool environment = core_.environments.take_change();
}

void Recorder::put_all(const Put& out) {
  auto put = [&](const std::string& key, const std::string& bytes) {
    written_.insert(key);
    out(key, bytes);
  };
  note_all_pending_operations();
  written_.clear();
  instances_.clear();
  classes_.clear();
  std::vector<std::pair<JobId, bool>> known;
  put(std::string{record_key::ids}, record::to_bytes(reserved_));
  spawn_ = next_spawn();
  if (spawn_) put(std::string{record_key::spawn}, record::to_bytes(*spawn_));
  for (const auto& [name, entry] : core_.classes.all()) {
    if (has_facts(*entry)) put_class_part(ClassPart::facts, name, record::to_bytes(facts_of(*entry)), out);
    if (!entry->runs.empty()) put_class_part(ClassPart::runs, name, record::to_bytes(entry->runs), out);
    bool holds = !entry->start_on().state().empty();
    if (holds) put_class_part(ClassPart::held, name, record::held_to_bytes(entry->start_on().state()), out);
    if (holds || !entry->instances().empty()) put_class_of(*entry, out);
    for (const auto& [_, job] : entry->instances()) {
      out(record_key::of(record_key::job, job->id()), bytes_of(*job, false));
      out(record_key::of(record_key::run, job->id()), record::to_bytes(job->instance(), job->run()));
      known.emplace_back(job->id(), true);
    }
  }
  for (const auto& [id, pending] : pending_) {
    if (core_.classes.find(id) != nullptr) continue;
    out(record_key::of(record_key::job, id), bytes_of(*pending.job, true));
    known.emplace_back(id, false);
  }
  std::ranges::sort(known); // so that each comes behind the others
  for (auto [id, with_run] : known) instances_.emplace(id, with_run);
  for (const auto& [id, handled] : core_.events.all())
    put(record_key::of(record_key::event, id), record::to_bytes(handled));
  for (const auto& [id, finished] : core_.finished.all())
    put(record_key::of(record_key::finished, id), record::to_bytes(finished));
  for (const auto& [id, emission] : core_.emissions.all())
    put(record_key::of(record_key::emission, id), record::to_bytes(emission));
  for (const auto& [token, command] : core_.callers.commands())
    put(record_key::of(record_key::command, token), record::to_bytes(command));
  for (const auto& [name, value] : core_.kept) put(record_key::of(record_key::kept, name), value);
  for (auto& [job, sockets] : core_.offers.all())
    for (std::size_t i = 0; i < sockets.size(); ++i)
      put(record_key::of(record_key::offer, sockets[i].file),
          record::to_bytes(OfferedSockets::Place{.job = &job, .index = i, .socket = &sockets[i]}));
  const auto& environments = core_.environments;
  if (!environments.is_initial()) put(std::string{record_key::environment}, record::to_bytes(environments.global()));
  if (!core_.watched_events.empty()) put(std::string{record_key::watched}, record::to_bytes(core_.watched_events));
  if (core_.session_ends) put(std::string{record_key::session}, record::to_bytes(core_.session));
}

} // namespace upstart::supervisor
