#include "daemons/mqtt-bridge/fleet/job-follower.hpp"

#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <format>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::chrono::milliseconds settle_time{100};

std::string failure_of(const protocol::FailureState& failure) {
  if (failure.process == "respawn") return "its main process ended too often";
  if (!failure.wait_status) return std::format("its {} process could not be started", failure.process);
  auto status = *failure.wait_status;
  if (WIFSIGNALED(status))
    return std::format("its {} process was killed by signal {}", failure.process, WTERMSIG(status));
  return std::format("its {} process ended with status {}", failure.process, WEXITSTATUS(status));
}

std::string failure_of(const protocol::JobState& job) {
  if (job.spawn_failure) return *job.spawn_failure;
  if (job.respawn_limit_end) return "its main process ended too often";
  return {};
}

std::int64_t since(const protocol::JobState& job, const std::string& instance) {
  std::int64_t time = 0;
  for (const auto& record : job.records)
    if (record.instance.empty() || record.instance == instance) time = std::max(time, record.time);
  return time;
}

// The job that a signal is about; empty: none.
std::string job_of(sd_bus_message* signal) {
  const char* path = sd_bus_message_get_path(signal);
  if (path == nullptr) return {};
  if (sd_bus_message_is_signal(signal, protocol::interface_name::upstart, "JobAdded") > 0 ||
      sd_bus_message_is_signal(signal, protocol::interface_name::upstart, "JobRemoved") > 0)
    if (sd_bus_message_read_basic(signal, SD_BUS_TYPE_OBJECT_PATH, static_cast<void*>(&path)) <= 0) return {};
  auto address = protocol::address_of_path(path);
  return address ? address->job : "";
}

} // namespace

std::vector<ShownJob> shown(const protocol::JobState& job) {
  std::vector<ShownJob> result;
  for (const auto& instance : job.instances)
    result.push_back({instance.name,
                      {.goal = instance.goal,
                       .state = instance.state,
                       .since = since(job, instance.name),
                       .failure = instance.failure ? failure_of(*instance.failure) : failure_of(job)}});
  if (result.empty())
    result.push_back({"", {.goal = "stop", .state = "waiting", .since = since(job, ""), .failure = failure_of(job)}});
  return result;
}

JobFollower::JobFollower(base::EventLoop& loop, std::string address, Events events)
    : events_{std::move(events)},
      later_{loop, [this] { ask_changed(); }},
      connection_{loop,
                  {.other_end = "job supervisor's public socket"},
                  {.connected = [this](base::BusConnection& connection) { connected(connection); },
                   .lost = [this] { lost(); }}} {
  connection_.connect_to(address);
}

JobFollower::~JobFollower() { *alive_ = false; }

void JobFollower::connected(base::BusConnection& connection) {
  proxy_ = sdbus::createProxy(connection.sdbus(), sdbus::ServiceName{""}, sdbus::ObjectPath{protocol::path::manager});
  sd_bus_slot* slot = nullptr;
  sd_bus_add_filter(
      connection.raw(), &slot,
      [](sd_bus_message* message, void* self, sd_bus_error*) {
        static_cast<JobFollower*>(self)->heard(message);
        return 0;
      },
      this);
  filter_.reset(slot);
  ask_all();
}

void JobFollower::lost() {
  later_.stop();
  changed_.clear();
  filter_.reset();
  proxy_.reset();
}

void JobFollower::heard(sd_bus_message* message) {
  std::uint8_t type = 0;
  sd_bus_message_get_type(message, &type);
  if (type != SD_BUS_MESSAGE_SIGNAL) return;
  auto job = job_of(message);
  sd_bus_message_rewind(message, 1);
  if (job.empty()) return;
  changed_.insert(std::move(job));
  if (!later_.active()) later_.start(settle_time);
}

void JobFollower::ask_all() {
  proxy_->callMethodAsync("GetState")
      .onInterface(protocol::interface_name::upstart)
      .uponReplyInvoke([this, alive = alive_](std::optional<sdbus::Error> error, const std::string& text) {
        if (error || !*alive) return;
        auto state = protocol::supervisor_state_from_json(text);
        if (!state) return spdlog::error("the state of jobs cannot be read: {}", state.error().message);
        std::set<std::string> jobs;
        for (const auto& job : state->jobs) {
          jobs.insert(job.name);
          show(job);
        }
        events_.complete(jobs);
      });
}

void JobFollower::ask_changed() {
  for (const auto& job : std::exchange(changed_, {})) ask(job);
}

void JobFollower::ask(const std::string& job) {
  if (!proxy_) return;
  proxy_->callMethodAsync("DescribeJob")
      .onInterface(protocol::interface_name::job_supervisor)
      .withArguments(protocol::readable(job))
      .uponReplyInvoke([this, alive = alive_, job](std::optional<sdbus::Error> error, const std::string& text) {
        if (!*alive) return;
        if (error) {
          if (error->getName() == protocol::error_name::unknown_job) events_.changed(job, {});
          return;
        }
        if (auto state = protocol::job_state_from_json(text)) show(*state);
      });
}

void JobFollower::show(const protocol::JobState& job) { events_.changed(job.name, shown(job)); }

} // namespace upstart::mqtt_bridge
