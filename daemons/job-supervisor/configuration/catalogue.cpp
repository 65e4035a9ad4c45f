#include "daemons/job-supervisor/configuration/catalogue.hpp"

#include <algorithm>
#include <format>
#include <ranges>
#include <utility>

namespace upstart::supervisor {

namespace {

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

std::uint64_t hash_of(const std::array<std::uint64_t, 4>& numbers) {
  return hash_of(std::string_view{reinterpret_cast<const char*>(numbers.data()), sizeof numbers});
}

std::string path_below(std::string_view job, JobFile::Kind kind, Dialect dialect) {
  std::string path{job};
  if (dialect == Dialect::event_d) return path;
  return path.append(kind == JobFile::Kind::job ? ".conf" : ".override");
}

} // namespace

// Of the last line that is this word and nothing else but a comment, from 1; 0: there is none.
std::size_t line_of_stanza(std::string_view text, std::string_view word) {
  std::size_t number = 0, found = 0;
  for (auto line : std::views::split(text, '\n')) {
    ++number;
    std::string_view rest{line};
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (rest.substr(0, rest.find_first_of(" \t\r#")) == word) found = number;
  }
  return found;
}

std::string first_error(const std::vector<Diagnostic>& diagnostics, const std::string& path) {
  auto error = std::ranges::find(diagnostics, Diagnostic::Severity::error, &Diagnostic::severity);
  if (error == diagnostics.end()) return {};
  return std::format("{}:{}: {}", path, error->line, error->message);
}

// One job's class is made anew, or found to be as it was, from the files of its name.
struct Catalogue::ClassUpdate {
  // A file with its present text.
  struct Layer {
    File* file;
    std::string path;
    std::string text;
    std::uint64_t hash;
    [[nodiscard]] bool is_new() const { return file->verdict == Verdict::unread || file->hash != hash; }
    [[nodiscard]] bool is_known_invalid() const { return !is_new() && file->verdict == Verdict::invalid; }
  };
  enum class Step : std::uint8_t { decided, next };

  const Catalogue& catalogue;
  const std::string& name;
  Job& job;
  bool report_all;
  Outcome& outcome;

  void run();
  Step consider(File& conf);
  [[nodiscard]] std::shared_ptr<const JobClass> overridden_by(const Layer& layer, const JobClass& base,
                                                              const JobClass& overridden) const;
  std::optional<Layer> read(File& file);
  std::vector<Layer> read_overrides(std::uint32_t last_directory);
  ParseResult parse(const Layer& layer, const JobClass* base);
  [[nodiscard]] bool is_unchanged(const Layer& conf, const std::vector<Layer>& overrides) const;
  static std::uint64_t fingerprint_of(const Layer& conf, const Layer* on_top);
  void set_class(std::shared_ptr<const JobClass> job_class, std::uint64_t fingerprint, std::uint32_t owner);
};

void Catalogue::ClassUpdate::run() {
  for (auto& file : job.files)
    if (file.present && file.kind == JobFile::Kind::job && consider(file) == Step::decided) return;
  set_class({}, 0, 0);
}

Catalogue::ClassUpdate::Step Catalogue::ClassUpdate::consider(File& file) {
  auto conf = read(file);
  if (!conf) {
    bool owns = job.fingerprint != 0 && job.owner == file.directory;
    return file.present && owns ? Step::decided : Step::next; // unreadable: the class stays as it was
  }
  if (conf->is_known_invalid() && !report_all) return Step::next;
  auto overrides = read_overrides(file.directory);
  if (is_unchanged(*conf, overrides)) return Step::decided;

  auto made = parse(*conf, nullptr).job_class;
  if (!made) return Step::next;
  const Layer* on_top = nullptr;
  for (const auto& layer : overrides) {
    auto overridden = parse(layer, made.get()).job_class;
    if (!overridden) continue;
    made = overridden_by(layer, *made, *overridden);
    on_top = &layer;
    break;
  }
  set_class(std::move(made), fingerprint_of(*conf, on_top), file.directory);
  return Step::decided;
}

// Who asks why a job does not start wants to know of the override, and of the line in it.
std::shared_ptr<const JobClass> Catalogue::ClassUpdate::overridden_by(const Layer& layer, const JobClass& base,
                                                                      const JobClass& overridden) const {
  auto made = std::make_shared<JobClass>(overridden);
  made->override_path = layer.path;
  if (auto line = line_of_stanza(layer.text, "manual"); line > 0 && made->start_on.empty() && !base.start_on.empty())
    made->manual_at = std::format("{}:{}", made->override_path, line);
  return made;
}

std::optional<Catalogue::ClassUpdate::Layer> Catalogue::ClassUpdate::read(File& file) {
  auto path = catalogue.path_of(name, file);
  auto text = catalogue.read_(path);
  if (text) {
    auto hash = hash_of(*text);
    return Layer{.file = &file, .path = std::move(path), .text = *std::move(text), .hash = hash};
  }
  if (text.error().missing) {
    file.present = false;
    return {};
  }
  auto hash = hash_of("cannot be read: " + text.error().reason);
  bool known = file.verdict == Verdict::invalid && file.hash == hash;
  if (!known || report_all) outcome.reports.push_back({.path = path, .diagnostic = {.message = text.error().reason}});
  file.verdict = Verdict::invalid;
  file.hash = hash;
  file.fault = path + ": " + text.error().reason;
  return {};
}

std::vector<Catalogue::ClassUpdate::Layer> Catalogue::ClassUpdate::read_overrides(std::uint32_t last_directory) {
  std::vector<Layer> layers;
  for (auto& file : job.files)
    if (file.present && file.kind == JobFile::Kind::override && file.directory <= last_directory)
      if (auto layer = read(file)) layers.push_back(*std::move(layer));
  return layers;
}

ParseResult Catalogue::ClassUpdate::parse(const Layer& layer, const JobClass* base) {
  const auto& path = layer.path;
  auto result = catalogue.parse_(layer.text, {.name = name,
                                              .path = base == nullptr ? path : base->path,
                                              .dialect = catalogue.directories_[layer.file->directory].dialect,
                                              .base = base});
  layer.file->fault = result.job_class ? "" : first_error(result.diagnostics, path);
  if (layer.is_new() || (report_all && !result.job_class))
    for (auto& diagnostic : result.diagnostics)
      outcome.reports.push_back({.path = path, .diagnostic = std::move(diagnostic)});
  layer.file->verdict = result.job_class ? Verdict::valid : Verdict::invalid;
  layer.file->hash = layer.hash;
  return result;
}

bool Catalogue::ClassUpdate::is_unchanged(const Layer& conf, const std::vector<Layer>& overrides) const {
  if (conf.is_new() || conf.is_known_invalid()) return false;
  const Layer* on_top = nullptr;
  for (const auto& layer : overrides) {
    if (layer.is_known_invalid() && report_all) return false;
    if (layer.is_known_invalid()) continue;
    on_top = &layer;
    break;
  }
  return job.fingerprint == fingerprint_of(conf, on_top);
}

std::uint64_t Catalogue::ClassUpdate::fingerprint_of(const Layer& conf, const Layer* on_top) {
  std::uint64_t override_directory = on_top == nullptr ? 0 : on_top->file->directory + std::uint64_t{1};
  return hash_of({conf.file->directory, conf.hash, override_directory, on_top == nullptr ? 0 : on_top->hash}) | 1U;
}

void Catalogue::ClassUpdate::set_class(std::shared_ptr<const JobClass> job_class, std::uint64_t fingerprint,
                                       std::uint32_t owner) {
  job.owner = owner;
  if (std::exchange(job.fingerprint, fingerprint) == fingerprint) return;
  outcome.changes.push_back({.name = name, .job_class = std::move(job_class)});
}

std::string Catalogue::path_of(std::string_view job, const File& file) const {
  const auto& directory = directories_[file.directory];
  return directory.path + '/' + path_below(job, file.kind, directory.dialect);
}

Catalogue::Catalogue(std::vector<JobDirectory> directories, Read read, Parse parse)
    : directories_{std::move(directories)}, read_{std::move(read)}, parse_{std::move(parse)} {}

void Catalogue::found(std::size_t directory, std::string_view below) {
  auto file_name = job_file(below, directories_.at(directory).dialect);
  if (!file_name) return;
  auto job = jobs_.try_emplace(std::move(file_name->name)).first;
  file_of(job->second, directory, file_name->kind).present = true;
  mark(job);
}

std::vector<std::string> Catalogue::faults_of(std::string_view job) const {
  std::vector<std::string> faults;
  if (auto found = jobs_.find(job); found != jobs_.end())
    for (const auto& file : found->second.files)
      if (file.present && file.verdict == Verdict::invalid) faults.push_back(file.fault);
  return faults;
}

// Null: none is there.
const Catalogue::File* Catalogue::first_file(std::string_view job, JobFile::Kind kind, bool invalid) const {
  auto found = jobs_.find(job);
  if (found == jobs_.end()) return nullptr;
  auto is_meant = [&](const File& file) {
    return file.present && file.kind == kind && (!invalid || file.verdict == Verdict::invalid);
  };
  auto file = std::ranges::find_if(found->second.files, is_meant);
  return file == found->second.files.end() ? nullptr : &*file;
}

std::string Catalogue::job_file_fault(std::string_view job) const {
  const auto* file = first_file(job, JobFile::Kind::job, true);
  return file == nullptr ? "" : file->fault;
}

std::string Catalogue::lone_override(std::string_view job) const {
  const auto* file = first_file(job, JobFile::Kind::override);
  return file == nullptr || first_file(job, JobFile::Kind::job) != nullptr ? "" : path_of(job, *file);
}

void Catalogue::gone(std::size_t directory, std::string_view below) { set_present(directory, below, false); }

void Catalogue::gone_below(std::size_t directory, std::string_view below) {
  set_present_below(directory, below, false);
}

void Catalogue::kept(std::size_t directory, std::string_view below) {
  set_present(directory, below, true);
  set_present_below(directory, below, true);
}

void Catalogue::set_present(std::size_t directory, std::string_view below, bool present) {
  auto file_name = job_file(below, directories_.at(directory).dialect);
  auto job = file_name ? jobs_.find(file_name->name) : jobs_.end();
  if (job == jobs_.end()) return;
  for (auto& file : job->second.files)
    if (file.directory == directory && file.kind == file_name->kind) {
      file.present = present;
      mark(job);
    }
}

void Catalogue::set_present_below(std::size_t directory, std::string_view below, bool present) {
  auto prefix = below.empty() ? std::string{} : std::string{below} + '/';
  for (auto job = jobs_.lower_bound(prefix); job != jobs_.end() && job->first.starts_with(prefix); ++job)
    for (auto& file : job->second.files)
      if (file.directory == directory) {
        file.present = present;
        mark(job);
      }
}

void Catalogue::mark(Jobs::iterator job) {
  if (std::exchange(job->second.marked, true)) return;
  sorted_ = marked_.empty() || (sorted_ && job->first < marked_.back()->first);
  marked_.push_back(job);
}

Catalogue::File& Catalogue::file_of(Job& job, std::size_t directory, JobFile::Kind kind) {
  File file{.directory = static_cast<std::uint32_t>(directory), .kind = kind};
  auto place = std::ranges::lower_bound(job.files, file.order(), {}, &File::order);
  if (place == job.files.end() || place->order() != file.order()) place = job.files.insert(place, file);
  return *place;
}

Catalogue::Outcome Catalogue::update(Reporting reporting, std::size_t most) {
  Outcome outcome;
  if (!std::exchange(sorted_, true)) sort_marked();
  for (; most > 0 && !marked_.empty(); --most) {
    auto job = marked_.back();
    marked_.pop_back();
    update_job(job, reporting, outcome);
  }
  return outcome;
}

// Where most are marked, as in a load, the table that is sorted already gives them.
void Catalogue::sort_marked() {
  if (marked_.size() < jobs_.size() / 2) {
    std::ranges::sort(marked_, std::ranges::greater{}, [](auto job) -> const std::string& { return job->first; });
    return;
  }
  marked_.clear();
  for (auto job = jobs_.end(); job != jobs_.begin();)
    if ((--job)->second.marked) marked_.push_back(job);
}

Catalogue::Outcome Catalogue::update_job(std::string_view name) {
  Outcome outcome;
  auto job = jobs_.find(name);
  if (job == jobs_.end() || !job->second.marked) return outcome;
  std::erase(marked_, job);
  update_job(job, Reporting::new_only, outcome);
  return outcome;
}

void Catalogue::update_job(Jobs::iterator entry, Reporting reporting, Outcome& outcome) {
  auto& [name, job] = *entry;
  job.marked = false;
  ClassUpdate{
      .catalogue = *this, .name = name, .job = job, .report_all = reporting == Reporting::all, .outcome = outcome}
      .run();
  std::erase_if(job.files, [](const File& file) { return !file.present; });
  if (job.files.empty()) jobs_.erase(entry);
}

} // namespace upstart::supervisor
