// The part of InstanceProcesses that takes up what an earlier supervisor started.
#include "daemons/job-supervisor/process/instances/instance-processes.hpp"

#include <algorithm>
#include <csignal>
#include <format>
#include <utility>

namespace upstart::supervisor {

namespace {

// How long it may be that it is not seen what a process is. One that is known to be the child may take as long as it
// likes: started again it would be there twice in the end.
constexpr std::chrono::seconds longest_undecided{2}, longest_before_exec{30};

bool may_become_clear(const SearchOutcome& outcome, std::chrono::steady_clock::duration passed) {
  using enum SearchOutcome::Kind;
  if (outcome.kind == before_exec) return outcome.process.pid != 0 || passed < longest_before_exec;
  return outcome.kind == undecided && passed < longest_undecided;
}

// One that never executes can be ended all the same.
void kill_before_exec(const ProcessId& id) {
  auto facts = facts_of(id.pid);
  if (facts && id.is(facts->pid, facts->started) && may_be_a_child_before_exec(id.pid)) ::kill(id.pid, SIGKILL);
}

} // namespace

std::string InstanceProcesses::notes() const {
  InstanceNotes notes{.written = ticks_since_boot(),
                      .members = members_.known(),
                      .stanza_directories = members_.stanza_directories(),
                      .ready_told = ready_told_,
                      .main_process_group = main_process_group_};
  for (const auto* process : all()) notes.processes.push_back(process->note());
  for (std::size_t kind = 0; kind < process_kinds; ++kind)
    if (const auto& search = (*searches_)[kind])
      notes.searches.push_back({.kind = static_cast<ProcessKind>(kind),
                                .since = search->what.since,
                                .until = search->what.until,
                                .told = search->told,
                                .signals = search->signals});
  if (log_) notes.log = log_->note();
  if (readiness_) notes.readiness = notes_of(*class_, *readiness_);
  if (ending_) notes.ending = ending_->note();
  if (mounts_) notes.mount_namespace = mounts_->number();
  return to_bytes(notes);
}

void InstanceProcesses::take_up(const std::string& bytes, const std::vector<LivingProcess>& alive) {
  services_.children.adopts_processes();
  auto notes = read_notes(bytes);
  if (!notes && !bytes.empty()) warn(notes.error() + "; its processes are looked for by what the system tells of them");
  InstanceNotes known = notes ? std::move(*notes) : InstanceNotes{};
  restore(known);
  for (const auto& [kind, pid, may_be_there] : alive) {
    const ProcessNote* note = known.of(kind);
    if (note == nullptr && pid == 0 && !may_be_there) {
      services_.loop.defer([this, observer = base::Lifetime::Observer{lifetime_}, kind] {
        if (!observer.expired()) events_.never_started(kind);
      });
      continue;
    }
    if (note == nullptr && pid == 0) {
      begin_search(kind, known);
      continue;
    }
    take_up(note != nullptr ? *note : ProcessNote{.kind = kind, .id = {.pid = pid}, .executed = true});
    if (kind == ProcessKind::main) take_up_main(known);
    if (pid == 0)
      services_.loop.defer([this, observer = base::Lifetime::Observer{lifetime_}, kind, pid = note->id.pid] {
        if (!observer.expired()) events_.found(kind, pid);
      });
  }
}

// Now, since the next start would take the place of what the process has told of itself.
void InstanceProcesses::begin_search(ProcessKind kind, const InstanceNotes& notes) {
  const SearchNote* before = notes.search_of(kind);
  SearchNote known =
      before != nullptr ? *before : SearchNote{.kind = kind, .since = notes.written, .until = ticks_since_boot()};
  auto& started = services_.started;
  bool begun = started.seek(class_->name, *instance_, name_of(kind));
  if (!known.told) known.told = started.find(class_->name, *instance_, name_of(kind));
  auto& search = searches_.edit()[static_cast<std::size_t>(kind)];
  search = std::make_unique<Search>(
      Search{.what = {.marks = {"UPSTART_JOB=" + class_->name, "UPSTART_INSTANCE=" + *instance_},
                      .since = known.since,
                      .until = known.until},
             .told = known.told,
             .leaves_mark = begun || started.knows_all_since(known.since),
             .begun = begun,
             .timer = base::Timer{services_.loop, [this, kind] { look_for_spawn(kind); }},
             .signals = std::move(known.signals)});
  search->timer.start(std::chrono::milliseconds{0});
}

void InstanceProcesses::restore(InstanceNotes notes) {
  members_.restore(std::move(notes.members), std::move(notes.stanza_directories));
  main_process_group_ = notes.main_process_group;
  ready_told_ = notes.ready_told;
  if (notes.mount_namespace != 0) {
    mounts_ = std::make_unique<InstanceMounts>();
    mounts_->restore(services_.kept.take(notes.mount_namespace));
  }
  if (!notes.log.path.empty() && services_.logs.enabled())
    log_ = services_.logs.take_up(notes.log, class_->name, *instance_);
}

void InstanceProcesses::take_up(const ProcessNote& note) {
  put(note.kind, std::make_unique<SpawnedProcess>(services_.children, note, owner()));
}

// What was told may not have been written down, and what was written down not have been told: that it was ready is told
// once more.
void InstanceProcesses::take_up_main(const InstanceNotes& notes) {
  if (notes.ending) {
    ending_ = std::make_unique<MainEnding>(members_, services_.children, *notes.ending, class_->kill_signal);
    if (ending_->is_out_of_time()) ending_->time_out();
  }
  readiness_ = restore_readiness(*class_, *this, resources(), notes.readiness);
  const ProcessNote* main = notes.of(ProcessKind::main);
  bool executed = main == nullptr || main->executed;
  readiness_goes_on_ = readiness_ != nullptr;
  if (!executed) return;
  bool was_ready = ready_told_ || readiness_ == nullptr || readiness_->is_ready();
  services_.loop.defer([this, observer = base::Lifetime::Observer{lifetime_}, was_ready, ending = ending_ != nullptr] {
    if (observer.expired() || !main_) return;
    if (readiness_ && std::exchange(readiness_goes_on_, false)) resume_readiness();
    if (observer.expired()) return;
    if (ending_ && ending_->has_wait_status()) return events_.left_behind(child().pid());
    if (ending || !was_ready) return;
    ready_told_ = false;
    ready();
  });
}

// The child itself has told which it is, if it came so far; what it was given shows when it has executed. Where that
// could not be kept, it is looked for by what shows of it.
SearchOutcome InstanceProcesses::look_for_start(ProcessKind kind) {
  using enum SearchOutcome::Kind;
  auto& search = *this->search(kind);
  if (!search.told) {
    search.told = services_.started.find(class_->name, *instance_, name_of(kind));
    if (!search.told) {
      if (!search.leaves_mark) return look_for(search.what, services_.children);
      return search.begun ? look_for_before_exec(search.what, services_.children) : SearchOutcome{never_started, {}};
    }
    events_.notes_changed();
    if (std::ranges::contains(search.signals, SIGKILL)) kill_before_exec(*search.told);
  }
  auto facts = facts_of(search.told->pid);
  bool is_there = facts && search.told->is(facts->pid, facts->started);
  bool shows_late = std::chrono::steady_clock::now() - search.began > longest_undecided;
  bool shows_nothing = is_there && (may_be_a_child_before_exec(facts->pid) || (!shows_late && may_be_in_exec(*facts)));
  return {shows_nothing ? before_exec : found, *search.told};
}

std::unique_ptr<InstanceProcesses::Search> InstanceProcesses::take_search(ProcessKind kind) {
  auto& searches = searches_.edit();
  auto search = std::move(searches[static_cast<std::size_t>(kind)]);
  searches_.tidy();
  return search;
}

void InstanceProcesses::look_for_spawn(ProcessKind kind) {
  auto* search = this->search(kind);
  auto outcome = look_for_start(kind);
  using enum SearchOutcome::Kind;
  if (may_become_clear(outcome, std::chrono::steady_clock::now() - search->began)) {
    search->seen_nowhere = false;
    return search->timer.start(search->next_look.next());
  }
  // Init tells of an end before it reaps: what is gone now, and was not told of, is told of before the next look.
  if (outcome.kind == never_started && !std::exchange(search->seen_nowhere, true))
    return search->timer.start(search->next_look.next());
  if (outcome.kind == found || outcome.kind == ended) return spawn_found(kind, outcome.process);
  auto gone = take_search(kind);
  services_.started.forget(class_->name, *instance_, name_of(kind));
  events_.never_started(kind);
}

void InstanceProcesses::signal_when_found(ProcessKind kind, int signal_number) {
  auto& search = *this->search(kind);
  search.signals.push_back(signal_number);
  events_.notes_changed();
  if (signal_number == SIGKILL && search.told) kill_before_exec(*search.told);
}

// What it was given is told by itself, since nobody has written it down.
void InstanceProcesses::spawn_found(ProcessKind kind, const ProcessId& id) {
  auto search = take_search(kind);
  members_.begin(search->what.since);
  members_.find_group(id.pid);
  members_.add_spawned(id.pid);
  if (kind == ProcessKind::main) {
    ending_.reset();
    ready_told_ = false;
    main_process_group_ = id.pid;
    readiness_ = find_readiness(*class_, *this, resources(), id.pid);
    readiness_goes_on_ = false;
  }
  if (!log_ && services_.logs.enabled()) log_ = services_.logs.find(id.pid, class_->name, *instance_);
  take_up(ProcessNote{.kind = kind, .id = id});
  base::Lifetime::Observer observer{lifetime_};
  events_.found(kind, id.pid);
  for (int number : search->signals) {
    if (observer.expired()) return;
    signal(kind, number);
  }
}

} // namespace upstart::supervisor
