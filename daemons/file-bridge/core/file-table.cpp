#include "daemons/file-bridge/core/file-table.hpp"

#include "daemons/base/bytes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::file_bridge {

namespace {

// Keys of records: what is known of a path, a FILE that has been looked at, a use that was told what is there.
constexpr std::string_view known_key = "known ", looked_key = "looked ", answered_key = "answered ";

std::string bytes_of(const FileState& state) {
  std::string bytes;
  base::ByteWriter writer{bytes};
  writer.truth(state.is_directory);
  for (auto number : {state.device, state.inode, state.size}) writer.number(number);
  writer.number(state.changed_ns);
  return bytes;
}

FileState state_from(const std::string& bytes) {
  base::ByteReader reader{bytes};
  return {.is_directory = reader.truth(),
          .device = reader.number(),
          .inode = reader.number(),
          .size = reader.number(),
          .changed_ns = reader.number<std::int64_t>()};
}

std::string key_of(std::string_view kind, const std::string& what) { return std::string{kind} + what; }

std::string bytes_of(const std::string& job, const Use& use) {
  std::string bytes;
  base::ByteWriter writer{bytes};
  for (const auto* text : {&job, &use.file, &use.event}) writer.text(*text);
  return bytes;
}

std::string key_of(const std::string& job, const Use& use) { return key_of(answered_key, bytes_of(job, use)); }

} // namespace

FileTable::FileTable(Files& files, bridge::Memory& memory, const Records& records, Home home)
    : files_{files}, memory_{memory}, watched_{std::move(home)} {
  restore(records);
}

void FileTable::restore(const Records& records) {
  for (const auto& [key, bytes] : records) {
    if (key.starts_with(known_key)) known_.emplace(key.substr(known_key.size()), state_from(bytes));
    else if (key.starts_with(looked_key)) looked_at_.insert(key.substr(looked_key.size()));
    else if (key.starts_with(answered_key)) {
      auto text = key.substr(answered_key.size());
      base::ByteReader reader{text};
      auto job = reader.text();
      Use use{reader.text(), reader.text()};
      answered_[job].insert(std::move(use));
    }
  }
}

// --- what jobs ask for ----------------------------------------------------------------------------------------------

std::vector<bridge::ConditionWarning> FileTable::jobs_changed(const bridge::ConditionsUpdate& update) {
  std::vector<bridge::ConditionWarning> warnings;
  for (const auto& job : update.gone) drop_uses(job);
  for (const auto& conditions : update.changed) {
    auto change = watched_.set(conditions);
    std::ranges::move(change.warnings, std::back_inserter(warnings));
    take_uses(conditions.job, change);
  }
  if (std::exchange(first_update_, false)) {
    std::vector<std::string> gone; // while no bridge was there
    for (const auto& [job, _] : answered_)
      if (!std::ranges::contains(update.changed, job, &bridge::JobConditions::job)) gone.push_back(job);
    for (const auto& job : gone) drop_uses(job);
    some_are_dropped_ = true;
  }
  if (std::exchange(some_are_dropped_, false)) forget_uncovered();
  return warnings;
}

void FileTable::take_uses(const std::string& job, const WatchedFiles::ChangeOfJob& change) {
  std::ranges::copy(change.new_files, std::back_inserter(new_files_));
  if (!change.old_files.empty()) some_are_dropped_ = true;
  auto& answered = answered_[job];
  const auto& uses = change.added;
  // Of a job that was known to the bridge before, what it asks for now was added, and all else removed.
  std::set<Use> obsolete = change.removed;
  if (first_update_) std::ranges::set_difference(answered, uses, std::inserter(obsolete, obsolete.end()));
  for (const auto& use : obsolete)
    if (answered.erase(use) > 0) memory_.erase(key_of(job, use));
  for (const auto& use : uses)
    if (!answered.contains(use)) new_uses_.emplace_back(job, use);
  if (answered.empty()) answered_.erase(job);
}

void FileTable::drop_uses(const std::string& job) {
  if (!watched_.set({.job = job, .matches = {}}).old_files.empty()) some_are_dropped_ = true;
  std::erase_if(new_uses_, [&](const auto& entry) { return entry.first == job; });
  auto answered = answered_.find(job);
  if (answered == answered_.end()) return;
  for (const auto& use : answered->second) memory_.erase(key_of(job, use));
  answered_.erase(answered);
}

void FileTable::forget_uncovered() {
  std::erase_if(looked_at_, [this](const std::string& file) {
    if (watched_.all().contains(file)) return false;
    memory_.erase(key_of(looked_key, file));
    return true;
  });
  std::erase_if(known_, [this](const auto& entry) {
    if (watched_.covers(entry.first)) return false;
    memory_.erase(key_of(known_key, entry.first));
    return true;
  });
}

// What is there already is known first, silently; then those that ask anew are told of it, as of what was made now.
void FileTable::look_at_new() {
  for (const auto& file : std::exchange(new_files_, {}))
    if (auto watch = watched_.all().find(file); watch != watched_.all().end() && !looked_at_.contains(file))
      look_at_first(watch->second);
  std::set<std::pair<std::string, std::string>> told;
  for (const auto& [job, use] : std::exchange(new_uses_, {})) {
    answered_[job].insert(use);
    memory_.put(key_of(job, use), "");
    if (use.event.empty() || use.event == name_of(Change::create)) tell_existing(use.file, told);
  }
}

void FileTable::look_at_first(const FileWatch& watch) {
  const auto& condition = watch.condition;
  looked_at_.insert(condition.file);
  memory_.put(key_of(looked_key, condition.file), "");
  // What others would have been told of in a moment, they are told of now.
  auto take = [&](const std::string& path) {
    if (known_.contains(path)) return;
    auto state = files_.state_of(path);
    if (!state) return;
    know(path, *state);
    tell(path, Change::create, state->is_directory, &watch);
  };
  if (condition.kind != Kind::matches) take(condition.path);
  if (condition.kind == Kind::file) return;
  for (const auto& name : files_.names_in(condition.path))
    if (condition.kind == Kind::directory || fits(condition, name)) take(path_in(condition.path, name));
}

// One event for each FILE and MATCH, however many ask anew at a time.
void FileTable::tell_existing(const std::string& file, std::set<std::pair<std::string, std::string>>& told) {
  auto found = watched_.all().find(file);
  if (found == watched_.all().end()) return;
  const auto& watch = found->second;
  const auto& condition = watch.condition;
  if (condition.kind != Kind::matches) {
    auto known = known_.find(condition.path);
    bool is_there = known != known_.end() && (condition.kind == Kind::file || known->second.is_directory);
    if (is_there && told.emplace(file, "").second) emit(watch, Change::create);
    return;
  }
  for (const auto& [path, _] : known_)
    if (directory_of(path) == condition.path && fits(condition, last_element(path)) && told.emplace(file, path).second)
      emit(watch, Change::create, path);
}

std::set<std::string> FileTable::directories() const {
  std::set<std::string> result;
  for (const auto& [_, watch] : watched_.all()) {
    const auto& condition = watch.condition;
    if (condition.kind != Kind::file) result.insert(condition.path);
    if (condition.kind != Kind::matches && condition.path != "/") result.insert(directory_of(condition.path));
  }
  return result;
}

// --- what was seen --------------------------------------------------------------------------------------------------

void FileTable::appeared(const std::string& path) {
  if (!covers(path)) return;
  if (known_.contains(path)) return look(path);
  auto state = files_.state_of(path).value_or(FileState{}); // it may be gone again, which is told next
  know(path, state);
  tell(path, Change::create, state.is_directory);
}

void FileTable::came(const std::string& path) {
  if (!covers(path)) return;
  auto before = known_.find(path);
  if (before == known_.end()) return appeared(path);
  auto found = files_.state_of(path);
  if (found == before->second) return;         // a look has found it already, and told of it
  auto state = found.value_or(before->second); // it may be gone again, which is told next
  know(path, state);
  tell(path, Change::modify, state.is_directory);
}

void FileTable::gone(const std::string& path) {
  auto known = known_.find(path);
  if (known == known_.end()) return;
  bool is_directory = known->second.is_directory;
  forget(path);
  tell(path, Change::remove, is_directory);
}

void FileTable::written(const std::string& path) {
  if (!covers(path)) return;
  auto state = files_.state_of(path);
  if (!state) return; // deleted meanwhile, which is told next
  auto change = known_.contains(path) ? Change::modify : Change::create;
  know(path, *state);
  tell(path, change, state->is_directory);
}

void FileTable::look(const std::string& path) {
  if (!covers(path)) return;
  auto state = files_.state_of(path);
  auto known = known_.find(path);
  if (!state) return gone(path);
  if (known == known_.end()) return appeared(path);
  auto before = known->second;
  if (before == *state) return;
  know(path, *state);
  bool same_directory = before.is_directory && state->is_directory;
  if (!same_directory) tell(path, Change::modify, state->is_directory);
}

void FileTable::look_at_all_in(const std::string& directory) {
  auto paths = watched_.paths_in(directory);
  if (!watched_.of_directory(directory).empty()) {
    for (const auto& name : files_.names_in(directory)) paths.insert(path_in(directory, name));
    auto prefix = path_in(directory, "");
    for (auto known = known_.lower_bound(prefix); known != known_.end() && known->first.starts_with(prefix); ++known)
      if (known->first != "/" && directory_of(known->first) == directory) paths.insert(known->first);
  }
  for (const auto& path : paths) look(path);
}

void FileTable::look_at_all() {
  if (covers("/")) look("/");
  for (const auto& directory : directories()) look_at_all_in(directory);
}

// --- what follows ---------------------------------------------------------------------------------------------------

void FileTable::know(const std::string& path, const FileState& state) {
  known_.insert_or_assign(path, state);
  memory_.put(key_of(known_key, path), bytes_of(state));
}

void FileTable::forget(const std::string& path) {
  known_.erase(path);
  memory_.erase(key_of(known_key, path));
}

void FileTable::tell(const std::string& path, Change change, bool is_directory, const FileWatch* except) {
  bool modified_directory =
      change == Change::modify && is_directory; // its entries are told of, where that is asked for
  for (const auto* watch : watched_.of_path(path))
    if (watch != except && !modified_directory && (watch->condition.kind == Kind::file || is_directory))
      emit(*watch, change);
  if (path == "/") return;
  for (const auto* watch : watched_.of_directory(directory_of(path))) {
    if (watch == except) continue;
    if (watch->condition.kind == Kind::directory) emit(*watch, Change::modify);
    else if (!modified_directory && fits(watch->condition, last_element(path))) emit(*watch, change, path);
  }
}

void FileTable::emit(const FileWatch& watch, Change change, const std::string& match) {
  if (!watch.wants(change)) return;
  protocol::Environment environment;
  environment.set("FILE", watch.condition.file);
  environment.set("EVENT", name_of(change));
  if (!match.empty()) environment.set("MATCH", match);
  memory_.emit(event_name, std::move(environment));
}

} // namespace upstart::file_bridge
