#include "daemons/job-supervisor/jobs/tables/job.hpp"

#include "daemons/job-supervisor/lifecycle/step.hpp"
#include "protocol/names.hpp"

#include <algorithm>

namespace upstart::supervisor {

namespace {

Life life_named(std::string instance) {
  Life life;
  life.instance = std::move(instance);
  return life;
}

} // namespace

Job::Job(const World& world, JobId id, std::shared_ptr<const JobClass> job_class, std::string instance)
    : inputs_{world.inputs},
      id_{id},
      class_{std::move(job_class)},
      life_{life_named(std::move(instance))},
      stop_on_{world.index, class_, life_.stop_on, id, &life_.instance},
      processes_{world.processes.open(class_, life_.instance, *this)} {}

namespace {

std::vector<LivingProcess> living(const Life& life, const Job::Sought& sought) {
  std::vector<LivingProcess> alive;
  for (std::size_t i = 0; i < process_kinds; ++i)
    if (const auto& process = life.processes[i]; process.alive)
      alive.push_back({static_cast<ProcessKind>(i), process.pid, sought[i]});
  return alive;
}

} // namespace

Job::Job(const World& world, JobId id, std::shared_ptr<const JobClass> job_class, Life life, const std::string& notes,
         Sought sought)
    : inputs_{world.inputs},
      id_{id},
      class_{std::move(job_class)},
      life_{std::move(life)},
      stop_on_{world.index, class_, life_.stop_on, id, &life_.instance},
      sought_{sought},
      processes_{world.processes.adopt(class_, life_.instance, *this, notes, living(life_, sought_))} {}

Job::~Job() = default;

std::string Job::title() const { return supervisor::title(*class_, life_.instance); }
std::string Job::path() const { return protocol::instance_path(class_->name, life_.instance); }

Effects Job::step(Input input, MonotonicTime now) {
  auto [life, effects] = supervisor::step(std::move(life_), *class_, std::move(input), now);
  life_ = std::move(life);
  if (files_) drop_unnamed_files();
  return std::move(effects);
}

void Job::keep_if_named(FileId id, std::shared_ptr<const base::FileDescriptor> file) {
  if (names_file(id)) files_.edit().insert_or_assign(id, std::move(file));
}

bool Job::names_file(FileId id) const {
  const auto& parts = *life_.rare;
  bool waits = parts.pending_start && std::ranges::contains(parts.pending_start->files, id);
  return waits || std::ranges::contains(parts.files, id);
}

void Job::drop_unnamed_files() {
  std::erase_if(files_.edit(), [this](const auto& file) { return !names_file(file.first); });
  files_.tidy();
}

SharedFiles Job::files(const std::vector<FileId>& ids) const {
  SharedFiles files;
  for (auto id : ids)
    if (auto found = files_->find(id); found != files_->end()) files.push_back(found->second);
  return files;
}

void Job::executed(ProcessKind) {}
void Job::not_executed(ProcessKind kind, const SpawnFailure& failure) {
  not_sought(kind);
  inputs_.take(id_, input::NotExecuted{kind, failure.reason});
}
void Job::ready(pid_t pid) { inputs_.take(id_, input::Ready{pid}); }
void Job::moved(pid_t pid) { inputs_.take(id_, input::MainMoved{pid}); }
void Job::left_behind(pid_t pid) { inputs_.take(id_, input::MainLeftBehind{pid}); }
void Job::status(const std::string& text) { inputs_.take(id_, input::StatusReported{text}); }
void Job::time_asked(std::chrono::milliseconds time) { inputs_.take(id_, input::TimeAsked{time}); }
void Job::found(ProcessKind kind, pid_t pid) {
  not_sought(kind);
  inputs_.take(id_, input::Spawned{kind, pid});
}
void Job::never_started(ProcessKind kind) {
  not_sought(kind);
  inputs_.take(id_, input::NeverStarted{kind});
}
void Job::notes_changed() { inputs_.notes_changed(id_); }
void Job::ended(ProcessKind kind, int wait_status) {
  not_sought(kind);
  inputs_.take(id_, input::Ended{kind, wait_status});
}

} // namespace upstart::supervisor
