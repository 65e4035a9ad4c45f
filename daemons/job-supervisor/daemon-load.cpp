// The part of Daemon that reads the job files and takes up what the last supervisor left.
#include "daemons/job-supervisor/daemon.hpp"

#include "daemons/base/service-manager.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace upstart::supervisor {

std::optional<JournalMemory::Opened> Daemon::open_memory() {
  if (line_.no_memory) return std::nullopt;
  auto opened = JournalMemory::open(loop_, line_.run_directory,
                                    [this](Severity severity, const std::string& text) { write(severity, text); });
  if (opened) return std::move(*opened);
  spdlog::error("{}; jobs are forgotten if the supervisor dies", opened.error());
  return std::nullopt;
}

// A supervisor that was ready, or has written something down. To be asked before that is taken up.
bool Daemon::has_predecessor() const { return line_.restarted || (memory_ && !memory_->records.empty()); }

void Daemon::make_configuration() {
  configuration_ = std::make_unique<Configuration>(
      loop_, line_.directories,
      [this](const std::vector<ClassChange>& changes) {
        if (first_) first_->insert(first_->end(), changes.begin(), changes.end());
        else jobs_.apply(changes);
      },
      [](Diagnostic::Severity severity, const std::string& diagnostic) {
        bool is_error = severity == Diagnostic::Severity::error;
        spdlog::log(is_error ? spdlog::level::err : spdlog::level::warn, "{}", diagnostic);
      });
}

// Only the first supervisor of a session: there is nothing to go on with, and it writes down that it was there, so that
// the next one, if this dies, emits the startup event that this has not.
bool Daemon::may_load_in_parts() const {
  return line_.user_session && !has_predecessor() && !line_.executed_anew && memory_ && kept_files_.empty();
}

void Daemon::load_in_parts() {
  broker_.wait_with_events();
  jobs_.restore({}, {}, {});
  first_load_.begin(*configuration_);
  ready_.ready();
}

// The files are read, what was remembered is taken up, and only then do the files count: jobs that run keep the
// definition that they run by.
void Daemon::load_at_once() {
  first_.emplace();
  configuration_->load();
  auto records = memory_ ? std::exchange(memory_->records, {}) : Records{};
  remembers_ = !records.empty();
  auto first = *std::exchange(first_, std::nullopt);
  jobs_.restore(records, first, std::exchange(kept_files_, {}));
  restore_own();
}

void Daemon::restore_own() {
  if (auto address = jobs_.kept("bus"); !address.empty() && address != line_.bus_address) named_bus_.join(address);
  if (auto priority = jobs_.kept("log-priority"); !priority.empty()) (void)set_log_priority(priority);
  if (!jobs_.kept("logs-writable").empty()) processes_.logs_writable();
}

// Once, whatever dies when: it is remembered from before READY on. Where nothing is remembered, and an earlier
// supervisor was ready, that one has emitted it.
void Daemon::emit_startup() {
  bool was_emitted = line_.restarted && !remembers_;
  if (!line_.startup_event.empty() && !was_emitted) jobs_.emit_once({.name = line_.startup_event});
}

} // namespace upstart::supervisor
