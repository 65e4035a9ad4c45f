#include "daemons/job-supervisor/configuration/configuration.hpp"

#include "daemons/job-supervisor/configuration/directory-tree.hpp"
#include "daemons/job-supervisor/configuration/read-job-file.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace upstart::supervisor {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A burst of changes is over when there was none for idle_time; a longer one is cut at longest_burst.
constexpr milliseconds idle_time = 50ms;
constexpr milliseconds longest_burst = 200ms;
// A new file that is still open for writing is read after this time at the latest.
constexpr milliseconds write_timeout = 2s;

using OnDiagnostic = Configuration::OnDiagnostic;

std::vector<JobDirectory> job_directories(const std::vector<std::string>& paths) {
  std::vector<JobDirectory> directories;
  for (const auto& path : paths) {
    std::error_code error;
    auto absolute = std::filesystem::absolute(path, error).string();
    while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
    if (!absolute.empty()) directories.push_back({.path = absolute, .dialect = dialect_of_directory(absolute)});
  }
  return directories;
}

std::optional<Inotify> open_inotify(const OnDiagnostic& on_diagnostic) {
  auto inotify = Inotify::open();
  if (inotify) return *std::move(inotify);
  on_diagnostic(Diagnostic::Severity::error,
                "cannot watch job files (inotify: " + inotify.error().message() +
                    "); changes are not noticed: run `initctl reload-configuration` after each");
  return {};
}

std::string printed(const Report& report) {
  if (report.diagnostic.line == 0) return report.path + ": " + report.diagnostic.message;
  return format_for_log(report.diagnostic, report.path);
}

} // namespace

// Collects changed places until a burst is over, then examines them and reports the classes that have changed.
// It only wires the parts of this folder, hence its many members.
class Configuration::Store {
public:
  Store(base::EventLoop& loop, const std::vector<std::string>& directories, OnChanges on_changes,
        OnDiagnostic on_diagnostic);

  void load();
  void begin_load();
  bool load_part(std::size_t most);
  void load_job(const std::string& name);
  void settle();
  [[nodiscard]] const Catalogue& catalogue() const { return catalogue_; }

private:
  void watch();
  void take_events();
  void await_end_of_burst();
  void examine_changes();
  void examine_created();
  void stop_waiting_for_writers();
  void update_classes(Catalogue::Reporting reporting);
  void report(const Catalogue::Outcome& outcome, Catalogue::Reporting reporting);
  void tell(const Report& report);

  base::EventLoop& loop_;
  OnChanges on_changes_;
  OnDiagnostic on_diagnostic_;
  JobFileReader reader_;
  Catalogue catalogue_;
  Watches watches_;
  DirectoryTree tree_{catalogue_, watches_};
  ChangedPlaces changes_;
  bool updating_ = false;
  steady_clock::time_point latest_end_;
  base::Timer burst_;
  base::Timer write_timeout_;
  std::optional<base::FdWatcher> watcher_; // goes before the descriptor that it watches
};

Configuration::Store::Store(base::EventLoop& loop, const std::vector<std::string>& directories, OnChanges on_changes,
                            OnDiagnostic on_diagnostic)
    : loop_{loop},
      on_changes_{std::move(on_changes)},
      on_diagnostic_{std::move(on_diagnostic)},
      catalogue_{job_directories(directories), [this](const std::string& path) { return reader_.read(path); },
                 parse_job},
      watches_{open_inotify(on_diagnostic_)},
      burst_{loop, [this] { examine_changes(); }},
      write_timeout_{loop, [this] { stop_waiting_for_writers(); }} {}

void Configuration::Store::load() {
  begin_load();
  update_classes(Catalogue::Reporting::all);
}

void Configuration::Store::begin_load() {
  watch();
  watches_.take(changes_);
  changes_ = {};
  burst_.stop();
  write_timeout_.stop();
  tree_.examine_everything();
}

bool Configuration::Store::load_part(std::size_t most) {
  using enum Catalogue::Reporting;
  report(catalogue_.update(new_only, most), new_only);
  return catalogue_.is_behind();
}

// What comes to light here may be about others too.
void Configuration::Store::load_job(const std::string& name) {
  settle();
  report(catalogue_.update_job(name), Catalogue::Reporting::new_only);
}

// What is reported may lead back here.
void Configuration::Store::settle() {
  if (updating_) return;
  if (watches_.pending()) watches_.take(changes_);
  if (changes_.empty()) return;
  burst_.stop();
  examine_changes();
}

void Configuration::Store::watch() {
  if (watcher_ || watches_.fd() < 0) return;
  watcher_.emplace(loop_, watches_.fd(), [this](unsigned) { take_events(); });
  watcher_->watch(base::FdWatcher::readable);
}

void Configuration::Store::take_events() {
  watches_.take(changes_);
  if (!changes_.empty()) await_end_of_burst();
}

void Configuration::Store::await_end_of_burst() {
  auto now = steady_clock::now();
  if (!burst_.active()) latest_end_ = now + longest_burst;
  burst_.start(std::min(idle_time, std::chrono::ceil<milliseconds>(latest_end_ - now)));
}

void Configuration::Store::examine_changes() {
  if (changes_.everything) {
    changes_ = {};
    tree_.examine_everything();
  }
  for (const auto& place : std::exchange(changes_.changed, {})) tree_.examine(place);
  examine_created();
  update_classes(Catalogue::Reporting::new_only);
}

void Configuration::Store::examine_created() {
  std::erase_if(changes_.created, [&](const Place& place) {
    if (tree_.may_still_be_written(place)) return false;
    tree_.examine(place);
    return true;
  });
  if (changes_.created.empty()) write_timeout_.stop();
  else if (!write_timeout_.active()) write_timeout_.start(write_timeout);
}

void Configuration::Store::stop_waiting_for_writers() {
  changes_.changed.merge(changes_.created);
  changes_.created.clear();
  examine_changes();
}

void Configuration::Store::update_classes(Catalogue::Reporting reporting) {
  report(catalogue_.update(reporting), reporting);
}

void Configuration::Store::report(const Catalogue::Outcome& outcome, Catalogue::Reporting reporting) {
  updating_ = true;
  reader_.forget();
  for (const auto& report : tree_.take_reports(reporting)) tell(report);
  for (const auto& report : outcome.reports) tell(report);
  if (!outcome.changes.empty()) on_changes_(outcome.changes);
  updating_ = false;
}

void Configuration::Store::tell(const Report& report) { on_diagnostic_(report.diagnostic.severity, printed(report)); }

Configuration::Configuration(base::EventLoop& loop, const std::vector<std::string>& directories, OnChanges on_changes,
                             OnDiagnostic on_diagnostic)
    : store_{std::make_unique<Store>(loop, directories, std::move(on_changes), std::move(on_diagnostic))} {}

Configuration::~Configuration() = default;

void Configuration::load() { store_->load(); }
void Configuration::begin_load() { store_->begin_load(); }
bool Configuration::load_part(std::size_t most) { return store_->load_part(most); }
void Configuration::load_job(const std::string& name) { store_->load_job(name); }
void Configuration::settle() { store_->settle(); }
std::vector<std::string> Configuration::faults_of(const std::string& job) const {
  return store_->catalogue().faults_of(job);
}

std::string Configuration::job_file_fault(const std::string& job) const {
  return store_->catalogue().job_file_fault(job);
}

std::string Configuration::lone_override(const std::string& job) const {
  return store_->catalogue().lone_override(job);
}

std::string Configuration::file_without_suffix(const std::string& job) const {
  for (const auto& directory : store_->catalogue().directories()) {
    auto path = directory.path + '/' + job;
    std::error_code error;
    if (directory.dialect == Dialect::conf && std::filesystem::is_regular_file(path, error)) return path;
  }
  return {};
}

} // namespace upstart::supervisor
