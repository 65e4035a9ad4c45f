#include "clients/top/upstart/live-jobs.hpp"

#include "clients/base/supervisor.hpp"
#include "clients/top/upstart/job-lines.hpp"
#include "protocol/text.hpp"

#include <ctime>
#include <format>
#include <utility>

namespace upstart::top {

namespace {

using client::Supervisor;

std::string time_of_day() {
  std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return std::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

sdbus::Error other_version(const std::string& why) {
  return {sdbus::Error::Name{protocol::error_name::failed},
          "init tells its state in a form that this program does not know: " + why};
}

} // namespace

LiveJobs::LiveJobs(client::Upstart& upstart, Model& model) : upstart_{upstart}, model_{model} {
  auto& connection = upstart_.connection();
  slot_ = connection.sdbus().addMatch(
      client::match_rule(connection.target()), [this](sdbus::Message signal) { hear(signal); }, sdbus::return_slot);
  ask_all();
}

bool LiveJobs::handle_pending() {
  upstart_.connection().handle_pending();
  return std::exchange(heard_, false);
}

void LiveJobs::hear(sdbus::Message& signal) {
  std::string_view member{signal.getMemberName()};
  heard_ = true;
  if (member == "EventEmitted") {
    std::string name, text;
    std::vector<std::string> environment;
    signal >> name >> environment;
    text = name;
    for (const auto& variable : environment) text += " " + variable;
    return model_.add_event(time_of_day() + " " + text);
  }
  if (member == "JobAdded" || member == "JobRemoved" || member == "Restarted") all_changed_ = true;
  sdbus::ObjectPath path{signal.getPath()};
  if (member == "InstanceAdded" || member == "InstanceRemoved") signal >> path;
  if (auto address = protocol::address_of_path(path)) changed_.insert(address->job);
}

void LiveJobs::refresh() {
  constexpr std::size_t many = 50;
  if (!all_changed_ && changed_.empty()) return;
  if (all_changed_ || changed_.size() > many) return ask_all();
  for (const auto& job : std::exchange(changed_, {})) ask(job);
  show();
}

void LiveJobs::ask_all() {
  all_changed_ = false;
  changed_.clear();
  auto state = protocol::supervisor_state_from_json(upstart_.manager().GetState());
  if (!state) throw other_version(state.error().message);
  jobs_.clear();
  for (const auto& job : state->jobs) jobs_[job.name] = lines_of(job);
  show();
}

void LiveJobs::ask(const std::string& job) try {
  auto state = protocol::job_state_from_json(Supervisor{upstart_.connection()}.DescribeJob(protocol::escaped(job)));
  if (!state) throw other_version(state.error().message);
  jobs_[job] = lines_of(*state);
} catch (const sdbus::Error& error) {
  if (error.getName() != protocol::error_name::unknown_job) throw;
  jobs_.erase(job);
}

void LiveJobs::show() {
  std::vector<JobLine> lines;
  for (const auto& [_, of_job] : jobs_) lines.insert(lines.end(), of_job.begin(), of_job.end());
  model_.show_jobs(std::move(lines));
}

} // namespace upstart::top
