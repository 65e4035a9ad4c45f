#include "daemons/job-supervisor/jobs/jobs.hpp"

#include "daemons/job-supervisor/jobs/restore.hpp"
#include "daemons/job-supervisor/jobs/values/cases.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace upstart::supervisor {

namespace {
// A turn with much to do leaves in parts, so that it needs little memory and the first jobs do not wait for the last.
constexpr std::size_t most_outgoing = 512;
} // namespace

Jobs::Jobs(Ports ports, Options options)
    : core_{ports, std::move(options), *this},
      emitting_{core_, steps_, [this] { run_turn(); }},
      commands_{core_, steps_, [this] { run_turn(); }},
      environments_{core_, steps_, [this] { run_turn(); }},
      session_end_{core_, steps_, [this] { run_turn(); }} {}

Jobs::~Jobs() = default;

// What comes in while a turn runs is worked off by that turn. While one is to go on, it is worked off and written down
// at once (how a process ended is not known for long elsewhere), and what leaves for it comes behind.
void Jobs::run_turn() {
  if (std::exchange(running_, true)) return;
  struct Guard {
    bool& running;
    ~Guard() { running = false; }
  } guard{running_};
  core_.options.settle_configuration();
  if (goes_on_) {
    while (work_off_next()) {}
    core_.update_subscription();
    return recorder_.write();
  }
  auto until =
      restores_ ? std::chrono::microseconds::max() : core_.ports.clock.now_exactly() + core_.options.longest_turn;
  if (!run_turn(until)) return go_on_later();
  recorder_.write(); // what has been carried out is no longer to be done
  release_removed();
}

// False when it has taken its time, and there is more to do.
bool Jobs::run_turn(std::chrono::microseconds until) {
  auto& turn = core_.turn;
  bool has_more = false;
  do {
    while (!turn.is_leaving() && turn.outgoing.size() < most_outgoing && work_off_next()) {}
    core_.update_subscription();
    recorder_.write();
    if (!executor_.carry_out(until)) return false;
    has_more = !turn.work.empty() || !turn.outgoing.empty();
    if (has_more && core_.ports.clock.now_exactly() >= until) return false;
  } while (has_more);
  return true;
}

void Jobs::go_on_later() {
  goes_on_ = true;
  core_.ports.clock.later([this, there = std::weak_ptr{removed_}] {
    if (there.expired()) return;
    goes_on_ = false;
    run_turn();
  });
}

// A job may be gone while one of its own callbacks is still on the stack.
void Jobs::release_removed() {
  auto& gone = core_.turn.gone;
  if (gone.empty()) return;
  if (removed_->empty())
    core_.ports.clock.later([removed = std::weak_ptr{removed_}] {
      if (auto there = removed.lock()) there->clear();
    });
  std::ranges::move(gone, std::back_inserter(*removed_));
  gone.clear();
}

// False: there is none.
bool Jobs::work_off_next() {
  auto& turn = core_.turn;
  if (turn.work.empty()) return false;
  auto work = std::move(turn.work.front());
  turn.work.pop_front();
  work_off(work);
  return true;
}

void Jobs::work_off(Work& work) {
  std::visit(Cases{[&](work::ForJob& for_job) {
                     if (auto* job = core_.classes.find(for_job.job)) steps_.take(*job, std::move(for_job.input));
                   },
                   [&](work::Emitted& emitted) { emitting_.decide(emitted.id); },
                   [&](work::EmissionFinished& finished) { emitting_.finish(finished.id, finished.failed); },
                   [&](work::EventReleased& event) {
                     core_.turn.outgoing.emplace_back(
                         outgoing::Finish{event.id, event.failed, std::move(event.actions)});
                   },
                   [&](work::ReplaceClass& replace) { changes_.replace_by_successor(replace.name); },
                   [&](work::SessionEventFinished&) { session_end_.event_offered(); },
                   [&](work::CheckSessionEnd&) { session_end_.check(); }},
             work);
}

void Jobs::take(JobId job, Input input) {
  core_.add_work(work::ForJob{job, std::move(input)});
  run_turn();
}

void Jobs::notes_changed(JobId job) {
  core_.classes.mark(job);
  run_turn();
}

// All of it before the loop runs: the broker, when it is attached to, gives again what it does not know to be finished.
void Jobs::restore(const Records& records, const std::vector<ClassChange>& files, const KeptFiles& descriptors) {
  restores_ = true;
  Restore{core_, changes_, descriptors}.take(records, files);
  changes_.apply(files); // before the events that are on their way: the classes say who wants one
  emitting_.resume();
  session_end_.resume();
  if (auto& began = core_.kept[began_key]; began.empty())
    began = std::to_string(core_.ports.clock.now_exactly().count());
  recorder_.rewrite();
  run_turn();
  restores_ = false;
}

void Jobs::keep(const std::string& name, std::string value) {
  auto& kept = core_.kept[name];
  if (kept == value) return;
  kept = std::move(value);
  core_.kept_changes.mark(name);
  run_turn();
}

std::string Jobs::kept(const std::string& name) const {
  auto found = core_.kept.find(name);
  return found == core_.kept.end() ? "" : found->second;
}

void Jobs::apply(const std::vector<ClassChange>& changes) {
  changes_.apply(changes);
  run_turn();
}

void Jobs::emit(Event event, Origin origin, Asker finished) {
  Waits waits = waits::Nobody{};
  if (finished) waits = waits::ForCaller{core_.callers.add(std::move(finished))};
  core_.emit({.event = std::move(event), .origin = origin, .waits = waits});
  run_turn();
}

void Jobs::emit_without_waiting(Event event, Origin origin, Asker accepted) {
  auto caller = core_.callers.add(std::move(accepted));
  core_.callers.decide(caller, {}, core_.ports.clock.now());
  core_.emit({.event = std::move(event), .origin = origin});
  run_turn();
  core_.callers.answer(caller, {});
}

void Jobs::take_files(EventId id, const SharedFiles& files) {
  core_.events.take_files(id, files);
  const auto& handled = core_.events.at(id);
  for (auto* job : core_.classes.instances())
    for (const auto& [file, descriptor] : std::views::zip(handled.files, handled.event.files))
      job->keep_if_named(file, descriptor);
}

void Jobs::emit_once(Event event) {
  auto& emitted = core_.kept["emitted/" + event.name];
  if (!emitted.empty()) return;
  emitted = "yes";
  core_.kept_changes.mark("emitted/" + event.name);
  emit(std::move(event), {});
}

void Jobs::handle(EventId id, Event event) {
  // Given again by a broker that came back: it is in hand, or has finished.
  if (core_.events.contains(id)) return take_files(id, event.files);
  if (const auto* finished = core_.finished.find(id)) {
    core_.turn.outgoing.emplace_back(outgoing::Finish{id, finished->failed, finished->actions});
    return run_turn();
  }
  core_.options.settle_configuration();
  bool ends_session = core_.session_ends && event.name == session_end_event;
  auto emission = emitting_.came_back(event);
  auto name = event.name;
  matching_.handle(id, std::move(event));
  emitting_.offered(emission, name, core_.events.contains(id));
  if (ends_session) session_end_.event_offered();
  run_turn();
}

void Jobs::hold(Subscriber& subscriber, std::uint32_t leaf, EventId id, Event event) {
  matching_.hold(subscriber, leaf, id, std::move(event));
  run_turn();
}

void Jobs::emission_finished(EmissionId id, bool failed) {
  core_.add_work(work::EmissionFinished{id, failed});
  run_turn();
}

void Jobs::finish_confirmed(EventId id) { core_.finished.confirm(id); }

void Jobs::broker_attached() {
  emitting_.others_known();
  run_turn();
}

void Jobs::finished_elsewhere(const std::string& name, const protocol::Environment& environment) {
  core_.tell(notice::EventEmitted{name, environment});
  run_turn();
}

void Jobs::keep_warning(const std::string& job, std::string what) {
  auto* entry = core_.classes.find(job);
  if (entry == nullptr) return;
  std::erase(entry->warnings, what); // said again: it is the newest now
  if (entry->warnings.size() == ClassEntry::most_warnings) entry->warnings.erase(entry->warnings.begin());
  entry->warnings.push_back(std::move(what));
  core_.classes.mark_facts(job);
}

bool Jobs::forget_failures(const std::string& job) {
  auto* found = core_.classes.find(job);
  if (found == nullptr) return false;
  auto& entry = *found;
  if (entry.failures.empty() && !entry.spawn_failure && !entry.respawn_limit_end) return false;
  entry.failures.clear();
  entry.spawn_failure.reset();
  entry.respawn_limit_end.reset();
  core_.note(entry, RecordKind::reset, {}, "its failures were forgotten, by a command");
  run_turn();
  return true;
}

void Jobs::end_session(const std::string& type) {
  session_end_.begin(type);
  run_turn();
}

} // namespace upstart::supervisor
