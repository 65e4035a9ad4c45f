#include "daemons/file-bridge/file-bridge.hpp"

#include "daemons/base/fault-point.hpp"

#include <spdlog/spdlog.h>

#include <format>

namespace upstart::file_bridge {

namespace {

constexpr unsigned form_of_records = 1;

QuietWrites::Time now() { return std::chrono::steady_clock::now(); }

// Of its entries, or of the one that it is in.
std::string watched_directory(const FileCondition& condition) {
  return condition.kind == Kind::file && condition.path != "/" ? directory_of(condition.path) : condition.path;
}

} // namespace

FileBridge::FileBridge(const bridge::Services& services)
    : warnings_{services.warnings},
      memory_{services.loop, services.emitter, services.own_directory,
              "file-bridge", form_of_records,  [this] { catch_up(); }},
      table_{files_, memory_, memory_.records(), services.home},
      alarm_{services.loop, [this] { take_complete_writes(); }},
      watches_{services.loop,
               {.entry = [this](const auto& path, auto what) { seen(path, what); },
                .directory = [this](const auto& directory) { compare(directory); },
                .overflow = [this] { compare_all(); },
                .batch_done = [this] { set_alarm(); }}} {}

// The watches come before the first look, so that nothing happens between the two unseen.
void FileBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  warnings_.tell(table_.jobs_changed(update));
  watches_.want(table_.directories());
  note_new_files();
  base::fault_point("file.watched");
  table_.look_at_new();
  if (std::exchange(first_update_, false)) table_.look_at_all();
  base::fault_point("file.looked");
}

void FileBridge::note_new_files() {
  const auto& all = table_.watched().all();
  std::erase_if(notes_, [&](const auto& note) { return !all.contains(note.first); });
  if (notes_.size() == all.size()) return;
  for (const auto& [file, watch] : all) {
    auto [note, is_new] = notes_.try_emplace(file, std::chrono::system_clock::now(), "");
    if (!is_new) continue;
    auto directory = watched_directory(watch.condition);
    note->second.blind = blind_file_system(directory);
    if (!note->second.blind.empty())
      warn(watch, std::format("is on a file system of kind {}: changes that are not made by programs of this machine "
                              "do not come as events",
                              note->second.blind));
    if (auto fault = watches_.fault_of(directory); !fault.empty()) warn(watch, "cannot be watched: " + fault);
  }
}

void FileBridge::warn(const FileWatch& watch, const std::string& what) {
  const auto& job = watch.jobs.begin()->first;
  const auto& file = watch.condition.file;
  warnings_.tell(
      {job, {.event = event_name, .arguments = {"FILE=" + file}}, std::format("job {}: {} {}", job, file, what)});
}

void FileBridge::seen(const std::string& path, DirectoryWatches::Seen what) {
  using enum DirectoryWatches::Seen;
  if (!table_.covers(path)) return;
  if (falls_behind()) return (void)writes_.end(path);
  switch (what) {
  case made: return table_.appeared(path);
  case came: writes_.end(path); return table_.came(path);
  case gone: writes_.end(path); return table_.gone(path);
  case modified: return writes_.modified(path, now());
  case closed: return writes_.end(path) ? table_.written(path) : table_.look(path);
  case attribute:
    if (!writes_.is_written(path)) table_.look(path);
  }
}

bool FileBridge::falls_behind() {
  if (memory_.is_full() && !std::exchange(fell_behind_, true))
    spdlog::warn("the event broker is too far behind: changes of files are not told until it is not, and then as what "
                 "is different");
  return fell_behind_;
}

void FileBridge::catch_up() {
  if (std::exchange(fell_behind_, false)) table_.look_at_all();
}

void FileBridge::compare(const std::string& directory) {
  if (falls_behind()) return;
  table_.look(directory);
  table_.look_at_all_in(directory);
}

void FileBridge::compare_all() {
  if (falls_behind()) return;
  spdlog::warn(
      "the kernel's queue of file events was full: everything that is watched is compared with what was known");
  table_.look_at_all();
}

void FileBridge::take_complete_writes() {
  for (const auto& path : writes_.take_complete(now()))
    if (!falls_behind()) table_.written(path);
  set_alarm();
}

void FileBridge::set_alarm() {
  auto due = writes_.due();
  if (!due) return alarm_.stop();
  if (!alarm_.active())
    alarm_.start(std::chrono::ceil<std::chrono::milliseconds>(std::max(*due - now(), QuietWrites::Time::duration{})));
}

std::string FileBridge::state_of(const FileWatch& watch) const {
  if (auto fault = watches_.fault_of(watched_directory(watch.condition)); !fault.empty()) return "failed: " + fault;
  if (fell_behind_) return "watched, but nothing is told until the event broker has taken what was told before";
  auto note = notes_.find(watch.condition.file);
  if (note == notes_.end() || note->second.blind.empty()) return "watched";
  return std::format("watched, but changes made elsewhere are not seen on {}", note->second.blind);
}

std::vector<bridge::Watch> FileBridge::watches() const {
  std::vector<bridge::Watch> result;
  for (const auto& [file, watch] : table_.watched().all()) {
    bridge::Watch shown{.what = "file " + file, .state = state_of(watch)};
    if (auto note = notes_.find(file); note != notes_.end()) shown.since = note->second.since;
    for (const auto& [job, _] : watch.jobs) shown.jobs.push_back(job);
    result.push_back(std::move(shown));
  }
  return result;
}

} // namespace upstart::file_bridge
