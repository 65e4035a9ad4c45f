#include "daemons/local-bridge/local-bridge.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <format>
#include <stdexcept>

namespace upstart::local_bridge {

namespace {

// Events on their way, beyond which clients wait.
constexpr std::size_t most_unfinished = 1000;

constexpr unsigned form_of_records = 1;

// Of the bridge at this socket: there may be several.
std::string name_of_memory(std::string socket) {
  std::ranges::replace(socket, '/', ':');
  return "local-bridge" + (socket.starts_with(':') ? socket : ":" + socket);
}

} // namespace

LocalBridge::LocalBridge(bridge::Services services, Options options)
    : services_{services},
      options_{std::move(options)},
      memory_{services.loop,          services.emitter,
              services.run_directory, name_of_memory(options_.socket.path),
              form_of_records,        [this] { pause_if_needed(); }} {
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
  if (socket_) socket_->pause(!broker_is_there_ || unfinished_ >= most_unfinished || memory_.is_full());
}

void LocalBridge::emit(protocol::Environment environment) {
  spdlog::debug("emitting the event {}", options_.event);
  ++unfinished_;
  memory_.emit(options_.event, std::move(environment), [this] {
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
