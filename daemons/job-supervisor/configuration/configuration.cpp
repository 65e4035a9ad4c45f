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

// A burst of changes is over when nothing has come for this long; it is not waited for longer than that.
constexpr milliseconds quiet = 50ms;
constexpr milliseconds longest_burst = 200ms;
// How long a file that was only just made may stay open for writing before it is read all the same.
constexpr milliseconds patience = 2s;

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
  on_diagnostic("changes of job files will not be noticed, reload by hand: inotify: " + inotify.error().message());
  return {};
}

std::string printed(const Report& report) {
  if (report.diagnostic.line == 0) return report.path + ": " + report.diagnostic.message;
  return format_for_log(report.diagnostic, report.path);
}

} // namespace

// Holds what has happened until a burst is over, then looks at those places and tells what has become of the classes.
class Configuration::Store {
public:
  Store(base::EventLoop& loop, const std::vector<std::string>& directories, OnChanges on_changes,
        OnDiagnostic on_diagnostic);

  void load();

private:
  void watch();
  void something_happened();
  void await_end_of_burst();
  void look_again();
  void look_at_created();
  void stop_waiting_for_writers();
  void tell(Catalogue::Complain complain);

  base::EventLoop& loop_;
  OnChanges on_changes_;
  OnDiagnostic on_diagnostic_;
  Catalogue catalogue_;
  Watches watches_;
  DirectoryTree tree_{catalogue_, watches_};
  Happened happened_;
  steady_clock::time_point latest_end_;
  base::Timer burst_;
  base::Timer patience_;
  std::optional<base::FdWatcher> watcher_; // goes before the descriptor that it watches
};

Configuration::Store::Store(base::EventLoop& loop, const std::vector<std::string>& directories, OnChanges on_changes,
                            OnDiagnostic on_diagnostic)
    : loop_{loop},
      on_changes_{std::move(on_changes)},
      on_diagnostic_{std::move(on_diagnostic)},
      catalogue_{job_directories(directories), read_job_file, parse_job},
      watches_{open_inotify(on_diagnostic_)},
      burst_{loop, [this] { look_again(); }},
      patience_{loop, [this] { stop_waiting_for_writers(); }} {}

void Configuration::Store::load() {
  watch();
  watches_.take(happened_);
  happened_ = {};
  burst_.stop();
  patience_.stop();
  tree_.examine_everything();
  tell(Catalogue::Complain::again);
}

void Configuration::Store::watch() {
  if (watcher_ || watches_.fd() < 0) return;
  watcher_.emplace(loop_, watches_.fd(), [this](unsigned) { something_happened(); });
  watcher_->watch(base::FdWatcher::readable);
}

void Configuration::Store::something_happened() {
  watches_.take(happened_);
  if (!happened_.empty()) await_end_of_burst();
}

void Configuration::Store::await_end_of_burst() {
  auto now = steady_clock::now();
  if (!burst_.active()) latest_end_ = now + longest_burst;
  burst_.start(std::min(quiet, std::chrono::ceil<milliseconds>(latest_end_ - now)));
}

void Configuration::Store::look_again() {
  if (happened_.everything) {
    happened_ = {};
    tree_.examine_everything();
  }
  for (const auto& place : std::exchange(happened_.changed, {})) tree_.examine(place);
  look_at_created();
  tell(Catalogue::Complain::once);
}

void Configuration::Store::look_at_created() {
  std::erase_if(happened_.created, [&](const Place& place) {
    if (tree_.may_still_be_written(place)) return false;
    tree_.examine(place);
    return true;
  });
  if (happened_.created.empty()) patience_.stop();
  else if (!patience_.active()) patience_.start(patience);
}

void Configuration::Store::stop_waiting_for_writers() {
  happened_.changed.merge(happened_.created);
  happened_.created.clear();
  look_again();
}

void Configuration::Store::tell(Catalogue::Complain complain) {
  auto outcome = catalogue_.settle(complain);
  for (const auto& report : tree_.take_reports(complain)) on_diagnostic_(printed(report));
  for (const auto& report : outcome.reports) on_diagnostic_(printed(report));
  if (!outcome.changes.empty()) on_changes_(outcome.changes);
}

Configuration::Configuration(base::EventLoop& loop, std::vector<std::string> directories, OnChanges on_changes,
                             OnDiagnostic on_diagnostic)
    : store_{std::make_unique<Store>(loop, directories, std::move(on_changes), std::move(on_diagnostic))} {}

Configuration::~Configuration() = default;

void Configuration::load() { store_->load(); }

} // namespace upstart::supervisor
