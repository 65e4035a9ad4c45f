#include "daemons/local-bridge/local-bridge.hpp"

#include <spdlog/spdlog.h>

#include <format>
#include <stdexcept>

namespace upstart::local_bridge {

namespace {

// Events on their way, beyond which clients wait.
constexpr std::size_t most_unfinished = 1000;

} // namespace

LocalBridge::LocalBridge(bridge::Services services, Options options)
    : services_{services}, options_{std::move(options)} {
  auto opened = LocalSocket::open(services.loop, options_.socket,
                                  [this](protocol::Environment environment) { emit(std::move(environment)); });
  if (!opened) throw std::runtime_error(opened.error());
  socket_ = std::move(*opened);
  pause_if_needed();
}

void LocalBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  for (const auto& job : update.gone) jobs_.erase(job);
  for (const auto& job : update.changed) jobs_.insert(job.job);
}

void LocalBridge::broker_ready() {
  broker_is_there_ = true;
  pause_if_needed();
}

void LocalBridge::broker_gone() {
  broker_is_there_ = false;
  pause_if_needed();
}

void LocalBridge::pause_if_needed() {
  if (socket_) socket_->pause(!broker_is_there_ || unfinished_ >= most_unfinished);
}

void LocalBridge::emit(protocol::Environment environment) {
  spdlog::debug("emitting the event {}", options_.event);
  ++unfinished_;
  services_.emitter.emit({.name = options_.event, .environment = std::move(environment)}, [this](bool) {
    --unfinished_;
    pause_if_needed();
  });
  pause_if_needed();
}

std::vector<bridge::Watch> LocalBridge::watches() const {
  return {{.what = std::format("lines at {}, as events {}", options_.socket.path, options_.event),
           .state = std::format("listening, {} clients", socket_->clients()),
           .since = since_,
           .jobs = {jobs_.begin(), jobs_.end()}}};
}

} // namespace upstart::local_bridge
