#include "daemons/mqtt-bridge/fleet/presence.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <format>
#include <fstream>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::chrono::seconds summary_pause{1};
constexpr std::size_t most_failed_shown = 20;

std::string boot_id() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string id;
  std::getline(file, id);
  return id;
}

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

std::string offline_state() {
  return to_json(NodeState{.online = false, .since = now(), .version = UPSTART_VERSION, .boot = boot_id()});
}

Presence::Presence(World world)
    : world_{std::move(world)},
      retained_{world_.memory, world_.records},
      state_{.online = true,
             .version = UPSTART_VERSION,
             .boot = boot_id(),
             .accept = world_.configuration.accept,
             .allow = world_.configuration.allow},
      summary_{world_.loop, [this] { show_state(); }},
      refused_{world_.loop, [](const std::string& text) { spdlog::error("{}", text); }},
      follower_{world_.loop,
                world_.jobs_address,
                {.changed = [this](const auto& job, const auto& instances) { job_changed(job, instances); },
                 .complete = [this](const auto& jobs) { jobs_complete(jobs); }}} {}

void Presence::connected(bool session_present) {
  if (!session_present) retained_.broker_forgot();
  // The will may have taken its place: it differs by the time, and is published on each connection.
  state_.since = now();
  show_state();
}

void Presence::show_state() {
  state_.running = 0;
  state_.failed.clear();
  for (const auto& [name, job] : jobs_) {
    bool failed = false;
    for (const auto& [topic, message] : job.instances) {
      if (message.state == "running") ++state_.running;
      failed = failed || !message.failure.empty();
    }
    if (failed && state_.failed.size() < most_failed_shown) state_.failed.push_back(name);
  }
  if (world_.link.is_connected()) retained_.put(world_.topics.state(world_.configuration.node), to_json(state_));
  send_later();
}

void Presence::job_changed(const std::string& name, const std::vector<ShownJob>& instances) {
  auto before = std::exchange(jobs_[name], {});
  for (const auto& [instance, message] : instances) {
    auto topic = world_.topics.job(world_.configuration.node, name, instance);
    retained_.put(topic, to_json(message));
    jobs_[name].instances.emplace(std::move(topic), message);
  }
  for (const auto& [topic, message] : before.instances)
    if (!jobs_[name].instances.contains(topic)) retained_.remove(topic);
  if (instances.empty()) jobs_.erase(name);
  if (!summary_.active()) summary_.start(summary_pause);
  send_later();
}

void Presence::jobs_complete(const std::set<std::string>& names) {
  std::erase_if(jobs_, [&](const auto& entry) { return !names.contains(entry.first); });
  std::set<std::string> topics;
  for (const auto& [name, job] : jobs_)
    for (const auto& [topic, message] : job.instances) topics.insert(topic);
  retained_.remove_others(topics, world_.topics.state(world_.configuration.node));
  send_later();
}

void Presence::send_later() {
  if (std::exchange(send_is_due_, true)) return;
  world_.loop.defer([this, alive = alive_] {
    if (!*alive) return;
    send_is_due_ = false;
    send();
  });
}

void Presence::send() {
  if (!world_.link.is_connected()) return;
  for (auto& [topic, payload] : retained_.take_sendable())
    world_.link.publish({.topic = topic, .payload = std::move(payload), .retain = true},
                        [this, topic](const std::string& refusal) {
                          if (!refusal.empty())
                            refused_.tell(std::format("this node may not show its state at {}: {}", topic, refusal));
                          retained_.acknowledged(topic, std::chrono::steady_clock::now());
                          send_later();
                        });
}

} // namespace upstart::mqtt_bridge
