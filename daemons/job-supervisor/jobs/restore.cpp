#include "daemons/job-supervisor/jobs/restore.hpp"

#include "daemons/job-supervisor/jobs/core/socket-offers.hpp"
#include "daemons/job-supervisor/language/parse-job.hpp"
#include "daemons/job-supervisor/language/print-job.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <ranges>
#include <set>

namespace upstart::supervisor {

namespace {

std::uint64_t id_of(std::string_view text) {
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

// Those that were kept for it.
void give_files_back(Emission& emission, const KeptFiles& kept) {
  for (auto file : std::exchange(emission.files, {})) {
    auto found = kept.find(file);
    if (found == kept.end()) continue;
    emission.files.push_back(file);
    emission.event.files.push_back(found->second);
  }
}

} // namespace

template <typename Action> void Restore::for_each(std::string_view table, Action&& action) const {
  for (auto at = records_->lower_bound(std::string{table}); at != records_->end() && at->first.starts_with(table); ++at)
    action(std::string_view{at->first}.substr(table.size()), std::string_view{at->second});
}

template <typename Value> std::optional<Value> Restore::read(std::string_view key, record::Read<Value> value) const {
  if (value) return std::move(*value);
  core_.write(Severity::error,
              std::format("what is remembered of {} cannot be read ({}): it is forgotten", key, value.error()));
  return std::nullopt;
}

void Restore::take(const Records& records, const std::vector<ClassChange>& files) {
  records_ = &records;
  take_single(records);
  if (records.empty() && kept_.empty()) return; // the first start of all
  take_events();
  take_emissions();
  take_classes(files);
  take_instances();
  take_held();
  take_facts();
  take_offers();
  forget_files_that_nobody_names();
  block_events();
  resume_waits();
  arm_kill_timers();
  leave_classes_that_are_gone(files);
}

void Restore::take_single(const Records& records) {
  auto find = [&](std::string_view key) -> const std::string* {
    auto found = records.find(std::string{key});
    return found == records.end() ? nullptr : &found->second;
  };
  if (const auto* bytes = find(record_key::ids))
    if (auto ids = read("ids", record::ids_of(*bytes))) {
      core_.classes.restore_last_id(ids->job);
      core_.emissions.restore_last(ids->emission);
      core_.callers.restore_last(ids->caller);
      core_.events.restore_last_file(ids->file);
    }
  // Where not even that could be written down: nobody emits more than one event each microsecond.
  core_.emissions.restore_last(static_cast<EmissionId>(std::chrono::microseconds{core_.ports.clock.now()}.count()));
  if (const auto* bytes = find(record_key::environment))
    if (auto environment = read("the environment table", record::environment_of(*bytes)))
      core_.environments.change_global() = std::move(*environment);
  if (const auto* bytes = find(record_key::session))
    if (auto session = read("the end of the session", record::session_of(*bytes))) {
      core_.session_ends = true;
      core_.session = *session;
    }
  if (const auto* bytes = find(record_key::watched))
    if (auto watched = read("the events that bridges watch", record::names_of(*bytes)))
      core_.watched_events = std::move(*watched);
  if (const auto* bytes = find(record_key::spawn))
    next_spawn_ = read("the process that was to be started next", record::spawn_of(*bytes));
  for_each(record_key::kept, [&](std::string_view name, std::string_view value) { core_.kept.emplace(name, value); });
  for_each(record_key::command, [&](std::string_view token, std::string_view bytes) {
    if (auto command = read("a command", record::command_of(bytes)))
      core_.callers.restore(std::string{token}, std::move(*command));
  });
}

void Restore::take_events() {
  for_each(record_key::event, [&](std::string_view id, std::string_view bytes) {
    if (auto handled = read("an event", record::handled_of(bytes)))
      core_.events.restore(id_of(id), std::move(*handled));
  });
  for_each(record_key::finished, [&](std::string_view id, std::string_view bytes) {
    if (auto finished = read("an event that has finished", record::finished_of(bytes))) {
      core_.turn.outgoing.emplace_back(outgoing::Finish{id_of(id), finished->failed, finished->actions});
      core_.finished.restore(id_of(id), std::move(*finished));
    }
  });
}

void Restore::take_emissions() {
  for_each(record_key::emission, [&](std::string_view id, std::string_view bytes) {
    if (auto emission = read("an event that was emitted", record::emission_of(bytes))) {
      give_files_back(*emission, kept_);
      core_.emissions.restore(id_of(id), std::move(*emission));
    }
  });
}

// A class whose file gives the same text is taken from there, others from the text that was in force.
void Restore::take_classes(const std::vector<ClassChange>& files) {
  std::map<std::string_view, const ClassChange*> by_name;
  for (const auto& file : files) by_name.emplace(file.name, &file);
  for_each(record_key::job_class, [&](std::string_view name, std::string_view bytes) {
    auto of_record = read(std::format("job {}", name), record::class_of(bytes));
    if (!of_record) return;
    auto file = by_name.find(name);
    if (file != by_name.end() && file->second->job_class && file->second->job_class->path == of_record->path &&
        print(*file->second->job_class) == of_record->text) {
      classes_.emplace(name, file->second->job_class);
      return;
    }
    auto parsed =
        parse_job(of_record->text,
                  {.name = std::string{name}, .path = std::move(of_record->path), .dialect = of_record->dialect});
    if (parsed.job_class) classes_.emplace(name, parsed.job_class);
    else core_.write(Severity::error, std::format("the definition that job {} runs by cannot be read", name));
  });
  // One that was lost by damage: its file is as good as anything.
  for (const auto& file : files)
    if (file.job_class) classes_.emplace(file.name, file.job_class);
}

ClassEntry* Restore::entry_of(const std::string& name) {
  if (auto* entry = core_.classes.find(name)) return entry;
  auto found = classes_.find(name);
  if (found == classes_.end()) {
    core_.write(Severity::error, std::format("job {} has no definition any more: its instance is forgotten", name));
    return nullptr;
  }
  return &changes_.restore(found->second);
}

void Restore::take_instances() {
  std::vector<std::pair<JobId, std::string_view>> all; // in the order of their ids, which the records are not in
  for_each(record_key::job, [&](std::string_view id, std::string_view bytes) { all.emplace_back(id_of(id), bytes); });
  std::ranges::sort(all);
  for (const auto& [id, bytes] : all)
    if (auto instance = read("an instance", record::instance_of(bytes))) take_instance(id, std::move(*instance));
}

void Restore::take_instance(JobId id, record::Instance instance) {
  auto* entry = entry_of(instance.job);
  if (entry == nullptr) return;
  clean(instance.life);
  if (next_spawn_ && next_spawn_->job == id) instance.sought.set(static_cast<std::size_t>(next_spawn_->process));
  auto job = std::make_unique<Job>(core_.world, id, entry->job_class(), std::move(instance.life), instance.notes,
                                   instance.sought);
  if (auto run = records_->find(record_key::of(record_key::run, id)); run != records_->end())
    if (auto known = read("a run", record::run_of(run->second))) job->run() = std::move(*known);
  for (const auto& [file, descriptor] : kept_) job->keep_if_named(file, descriptor);
  for (auto& operation : instance.operations)
    core_.turn.outgoing.emplace_back(outgoing::OfJob{job.get(), std::move(operation)});
  if (instance.gone) {
    core_.turn.gone.push_back(std::move(job));
    core_.classes.restore_last_id(id);
    return;
  }
  job->share_environment(core_.recent_environments);
  job->run().causes = core_.recent_causes.share(std::move(job->run().causes));
  job->stop_on().expand(job->job_class().stop_on, job->life().environment);
  core_.classes.restore_instance(*entry, std::move(job));
}

// Events that are not there any more block nobody, and who cannot come back waits for nothing.
void Restore::clean(Life& life) const {
  if (life.waiting) {
    auto& waiting = life.waiting.edit();
    std::erase_if(waiting.blocked_events, [&](EventId id) { return !core_.events.contains(id); });
    std::erase_if(waiting.callers, [&](const Caller& caller) { return !core_.callers.is_known(caller.id); });
    life.waiting.tidy();
  }
  auto held = life.stop_on.held();
  for (auto& id : held)
    if (id != no_event && !core_.events.contains(id)) id = no_event;
  life.stop_on = ExpressionState{std::move(held)};
}

void Restore::take_held() {
  for_each(record_key::held, [&](std::string_view name, std::string_view bytes) {
    auto held = read(std::format("the start condition of job {}", name), record::held_of(bytes));
    if (!held) return;
    auto* entry = entry_of(std::string{name});
    if (entry == nullptr || held->held().size() != entry->start_on().expression().nodes.size()) return;
    auto ids = held->held();
    for (auto& id : ids)
      if (id != no_event && !core_.events.contains(id)) id = no_event;
    entry->start_on().state() = ExpressionState{std::move(ids)};
  });
}

void Restore::take_facts() {
  for_each(record_key::facts, [&](std::string_view name, std::string_view bytes) {
    auto facts = read(std::format("job {}", name), record::facts_of(bytes));
    if (!facts || !classes_.contains(std::string{name})) return;
    auto& entry = *entry_of(std::string{name});
    if (facts->spawn_failure) entry.spawn_failure = std::make_unique<const std::string>(*facts->spawn_failure);
    entry.respawn_limit_end = facts->respawn_limit_end;
    entry.warnings = std::move(facts->warnings);
    entry.records = std::move(facts->records);
    entry.records.share_texts(core_.recent_texts);
    entry.failures = std::move(facts->failures);
  });
  for_each(record_key::runs, [&](std::string_view name, std::string_view bytes) {
    auto runs = read(std::format("the runs of job {}", name), record::runs_of(bytes));
    if (runs && classes_.contains(std::string{name})) entry_of(std::string{name})->runs = std::move(*runs);
  });
}

// One whose descriptor was lost is offered again by its bridge.
void Restore::take_offers() {
  std::map<std::string, std::map<std::size_t, OfferedSocket>> jobs;
  for_each(record_key::offer, [&](std::string_view, std::string_view bytes) {
    auto offer = read("a socket that is offered to a job", record::offer_of(bytes));
    if (!offer || !classes_.contains(offer->job)) return;
    auto kept = kept_.find(offer->socket.file);
    if (kept == kept_.end()) return;
    offer->socket.offer.file = kept->second;
    offer->socket.is_kept = true;
    std::erase_if(offer->socket.without, [this](JobId job) { return core_.classes.find(job) == nullptr; });
    jobs[offer->job].emplace(offer->index, std::move(offer->socket));
  });
  SocketOffers offers{core_};
  for (auto& [job, sockets] : jobs) {
    auto* entry = entry_of(job);
    auto values = sockets | std::views::values | std::views::as_rvalue;
    offers.restore(job, {values.begin(), values.end()});
    for (const auto& [_, instance] : entry->instances()) offers.assign(*instance);
  }
}

void Restore::forget_files_that_nobody_names() {
  for (const auto& [file, _] : kept_) {
    core_.events.restore_last_file(file);
    bool named =
        core_.offers.find(file).has_value() ||
        std::ranges::any_of(core_.emissions.all(),
                            [&](const auto& each) { return std::ranges::contains(each.second.files, file); }) ||
        std::ranges::any_of(core_.classes.instances(), [&](const Job* job) { return !job->files({file}).empty(); });
    if (!named && core_.ports.memory != nullptr) core_.ports.memory->forget_file(file);
  }
}

// Who blocks an event is counted again; one that nobody blocks has finished.
void Restore::block_events() {
  auto block_held = [&](const Subscriber& subscriber) {
    for (auto id : subscriber.state().held())
      if (id != no_event) core_.events.block(id);
  };
  for (const auto& [_, entry] : core_.classes.all()) {
    block_held(entry->start_on());
    for (const auto& [__, job] : entry->instances()) {
      block_held(job->stop_on());
      for (auto id : job->life().waiting->blocked_events) core_.events.block(id);
    }
  }
  std::vector<EventId> free;
  for (const auto& [id, handled] : core_.events.all())
    if (handled.blockers == 0) free.push_back(id);
  for (auto id : free) {
    core_.events.block(id);
    core_.release(id, false);
  }
}

// A job that waits for an event that is not there any more goes on.
void Restore::resume_waits() {
  std::set<std::pair<JobId, Ticket>> awaited;
  for (const auto& [_, emission] : core_.emissions.all())
    if (const auto* job = std::get_if<waits::ForJob>(&emission.waits)) awaited.emplace(job->job, job->ticket);
  for (const auto* job : core_.classes.instances())
    if (auto ticket = job->life().awaited_event; ticket && !awaited.contains({job->id(), *ticket}))
      core_.add_work(work::ForJob{job->id(), input::EventFinished{*ticket}});
}

void Restore::arm_kill_timers() {
  for (auto* job : core_.classes.instances()) {
    const auto& deadline = job->life().kill_deadline;
    if (!deadline) continue;
    auto left = std::max(*deadline - core_.ports.clock.now(), MonotonicTime{0});
    core_.set_kill_timer(*job, left);
  }
}

// The file of a class that is in force went while nobody looked.
void Restore::leave_classes_that_are_gone(const std::vector<ClassChange>& files) {
  std::set<std::string_view> there;
  for (const auto& file : files) there.insert(file.name);
  std::vector<ClassChange> gone;
  for (const auto* entry : core_.classes.sorted())
    if (!there.contains(entry->name())) gone.push_back({.name = entry->name(), .job_class = nullptr});
  changes_.apply(gone);
}

} // namespace upstart::supervisor
