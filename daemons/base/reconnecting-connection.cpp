#include "daemons/base/reconnecting-connection.hpp"

#include <spdlog/spdlog.h>

#include <cstring>

namespace upstart::base {

namespace {

// A path that is watched is tried a few times more: it appears a moment before somebody listens there.
constexpr std::chrono::milliseconds longest_pause_of_watched{3'000};

// Of an address such as "unix:path=/run/dbus/system_bus_socket"; empty where it has none, or has alternatives.
std::string path_of(std::string_view address) {
  constexpr std::string_view prefix = "unix:path=";
  if (!address.starts_with(prefix) || address.find_first_of(";%") != std::string_view::npos) return {};
  address.remove_prefix(prefix.size());
  return std::string{address.substr(0, address.find(','))};
}

ReconnectingConnection::NameOutcome outcome_of(std::uint32_t answer) {
  using enum ReconnectingConnection::NameOutcome;
  constexpr std::uint32_t in_queue = 2, exists = 3;
  return answer == in_queue ? queued : answer == exists ? taken : owned;
}

} // namespace

ReconnectingConnection::ReconnectingConnection(EventLoop& loop, Settings settings, Events events)
    : loop_{loop},
      settings_{std::move(settings)},
      events_{std::move(events)},
      pause_{settings_.pauses},
      retry_{loop, [this] { attempt(); }},
      warning_{loop, [this](const std::string& why) {
                 spdlog::warn("no connection to the {} at {}: {}; trying again", settings_.other_end, address_, why);
               }} {}

void ReconnectingConnection::connect_to(const std::string& address) {
  bool same = address_ == address;
  if (connection_ || (same && handshake_)) return;
  address_ = address;
  path_watch_.reset();
  connect_now();
}

void ReconnectingConnection::connect_now() {
  if (connection_ || address_.empty()) return;
  pause_.reset();
  attempt();
}

void ReconnectingConnection::disconnect() {
  address_.clear();
  retry_.stop();
  warning_.recovered();
  path_watch_.reset();
  handshake_.reset();
  connection_.reset();
}

void ReconnectingConnection::attempt() {
  retry_.stop();
  auto connect = settings_.kind == Kind::bus ? &Handshake::to_bus : &Handshake::to_peer;
  handshake_ = connect(loop_, address_, [this](auto outcome) { attempted(std::move(outcome)); });
}

void ReconnectingConnection::attempted(std::expected<std::unique_ptr<BusConnection>, std::string> outcome) {
  auto done = std::move(handshake_);
  if (!outcome) {
    try_later(outcome.error());
    if (events_.attempt_failed) events_.attempt_failed(outcome.error());
    return;
  }
  spdlog::debug("connected to the {} at {}", settings_.other_end, address_);
  connection_ = std::move(*outcome);
  connection_->on_disconnected([this] { hung_up(); });
  pause_.reset();
  warning_.recovered();
  path_watch_.reset();
  tell_connected();
}

void ReconnectingConnection::tell_connected() {
  try {
    events_.connected(*connection_);
  } catch (const sdbus::Error& error) {
    spdlog::warn("the {} at {} hung up at once: {}", settings_.other_end, address_, error.getMessage());
    return; // and hung_up follows
  }
  if (connection_ && !settings_.name.empty()) ask_for_name();
}

void ReconnectingConnection::hung_up() {
  events_.lost();
  connection_.reset();
  if (!address_.empty()) try_later("it hung up");
}

void ReconnectingConnection::try_later(const std::string& why) {
  spdlog::debug("no connection to the {} at {}: {}", settings_.other_end, address_, why);
  warning_.failing(why);
  if (settings_.watch_path) watch_for_path();
  bool watched = path_watch_ && path_watch_->works();
  if (watched && pause_.coming() > longest_pause_of_watched) return;
  retry_.start(pause_.next());
}

void ReconnectingConnection::watch_for_path() {
  auto path = path_of(address_);
  if (path_watch_ || path.empty()) return;
  // An attempt under way may have been too early by a moment: its failure is followed by the first pause.
  path_watch_ = std::make_unique<PathWatch>(loop_, path, [this] {
    pause_.reset();
    if (!handshake_) attempt();
  });
}

void ReconnectingConnection::ask_for_name() {
  if (!connection_) return;
  auto answered = [](sd_bus_message* reply, void* self, sd_bus_error*) {
    auto& connection = *static_cast<ReconnectingConnection*>(self);
    std::uint32_t answer = 0;
    if (const auto* error = sd_bus_message_get_error(reply); error != nullptr)
      connection.name_answered(NameOutcome::refused, error->message);
    else if (int fault = sd_bus_message_read(reply, "u", &answer); fault < 0)
      connection.name_answered(NameOutcome::refused, std::strerror(-fault));
    else connection.name_answered(outcome_of(answer), "");
    return 0;
  };
  int error = sd_bus_request_name_async(connection_->raw(), nullptr, settings_.name.c_str(),
                                        settings_.name_queue ? SD_BUS_NAME_QUEUE : 0, answered, this);
  if (error < 0) name_answered(NameOutcome::refused, std::strerror(-error));
}

void ReconnectingConnection::give_up_name() {
  auto no_matter = [](sd_bus_message*, void*, sd_bus_error*) { return 0; };
  if (connection_)
    (void)sd_bus_release_name_async(connection_->raw(), nullptr, settings_.name.c_str(), no_matter, nullptr);
}

void ReconnectingConnection::name_answered(NameOutcome outcome, const std::string& why) {
  if (events_.name_answered) events_.name_answered(outcome, why);
}

} // namespace upstart::base
