#include "daemons/job-supervisor/container-job.hpp"

#include "daemons/base/service-manager.hpp"
#include "daemons/job-supervisor/lifecycle/failure.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <charconv>
#include <format>

namespace upstart::supervisor {

namespace {

// Under which the jobs keep that it was started, and the exit status of its failure.
constexpr const char* begun_key = "container-job";
constexpr const char* failure_key = "container-job-failure";

constexpr int not_started_status = 1, not_executed_status = 127, signal_base = 128, signal_shift = 8;

// As a shell has it, of what the signal Failed carries.
int exit_status(int failed, const ClassEntry* entry) {
  if (failed < 0) return not_executed_status;
  if (failed == 0 && entry != nullptr && entry->respawn_limit_end) failed = failed_status(*entry->respawn_limit_end);
  if (failed == 0) return not_started_status;
  return failed >> signal_shift != 0 ? signal_base + (failed >> signal_shift) : failed;
}

int number_of(const std::string& text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

} // namespace

void ContainerJob::begin() {
  if (name_.empty()) return;
  begun_ = true;
  if (jobs_.kept(begun_key).empty()) start();
  look_soon(); // it may have ended while there was no supervisor, or never have begun
}

void ContainerJob::start() {
  auto* entry = jobs_.classes().find(name_);
  if (entry == nullptr) {
    spdlog::error("{}: the container was to run this job: {}", name_, about_unknown_(name_));
    return end(not_started_status);
  }
  jobs_.commands().start(*entry, environment_, false, [this](const Outcome& outcome) {
    if (outcome || outcome.error().name == protocol::error_name::already_started) return;
    spdlog::error("{}: the container was to run this job: {}", name_, outcome.error().message);
    end(not_started_status);
  });
  jobs_.keep(begun_key, "begun");
}

void ContainerJob::hear(const Notice& notice) {
  if (!begun_) return;
  if (const auto* failed = std::get_if<notice::Failed>(&notice); failed != nullptr && failed->job == name_) {
    auto text = std::to_string(exit_status(failed->status, jobs_.classes().find(name_)));
    return loop_.defer([this, text] { jobs_.keep(failure_key, text); });
  }
  const auto* changed = std::get_if<notice::StateChanged>(&notice);
  if (changed == nullptr || changed->job != name_) return;
  if (changed->state == State::waiting) look_soon();
  if (changed->state == State::starting) loop_.defer([this] { jobs_.keep(failure_key, ""); });
}

void ContainerJob::look_soon() {
  loop_.defer([this] { look(); });
}

void ContainerJob::look() {
  const auto* entry = jobs_.classes().find(name_);
  if (!ended_ && (entry == nullptr || entry->instances().empty())) end(number_of(jobs_.kept(failure_key)));
}

void ContainerJob::end(int status) {
  if (std::exchange(ended_, true)) return;
  if (!base::notify_manager(std::format("{}{}", protocol::container_end_line, status)))
    spdlog::error("unable to tell init that the job of the container has ended");
}

} // namespace upstart::supervisor
