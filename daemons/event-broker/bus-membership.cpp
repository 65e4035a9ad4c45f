#include "daemons/event-broker/bus-membership.hpp"

#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <cstring>

namespace upstart::broker {

namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{30'000};
// A path that is watched is tried a few times more: it appears a moment before somebody listens there.
constexpr std::chrono::milliseconds longest_pause_of_watched{3'000};

// Of an address such as "unix:path=/run/dbus/system_bus_socket"; empty where it has none, or has alternatives.
std::string path_of(std::string_view address) {
  constexpr std::string_view prefix = "unix:path=";
  if (!address.starts_with(prefix) || address.find_first_of(";%") != std::string_view::npos) return {};
  address.remove_prefix(prefix.size());
  return std::string{address.substr(0, address.find(','))};
}

int name_answered(sd_bus_message* reply, void* address, sd_bus_error*) {
  if (const auto* error = sd_bus_message_get_error(reply); error != nullptr) {
    spdlog::warn("the bus refuses the name {}: {}", protocol::bus_name::event_broker, error->message);
    return 0;
  }
  constexpr std::uint32_t waiting_in_line = 2;
  std::uint32_t answer = 0;
  if (sd_bus_message_read(reply, "u", &answer) >= 0 && answer != waiting_in_line)
    spdlog::info("joined the bus at {}", *static_cast<const std::string*>(address));
  else
    spdlog::warn("the name {} belongs to another process on this bus; it is ours when that one leaves",
                 protocol::bus_name::event_broker);
  return 0;
}

} // namespace

BusMembership::BusMembership(base::EventLoop& loop, std::string address)
    : loop_{loop},
      address_{std::move(address)},
      retry_{loop, [this] { join(); }},
      pause_{first_pause},
      warning_{loop, [this](const std::string& why) {
                 spdlog::warn("unable to join the bus at {}: {}; will try again", address_, why);
               }} {}

void BusMembership::join() {
  if (is_member_ || handshake_) return;
  retry_.stop();
  handshake_ = base::Handshake::to_bus(loop_, address_, [this](auto outcome) { answered(std::move(outcome)); });
}

void BusMembership::answered(std::expected<std::unique_ptr<base::BusConnection>, std::string> outcome) {
  auto done = std::move(handshake_);
  if (!outcome) {
    spdlog::debug("unable to join the bus at {}: {}", address_, outcome.error());
    warning_.failing(outcome.error());
    return try_later();
  }
  is_member_ = true;
  pause_ = first_pause;
  warning_.recovered();
  watch_.reset();
  auto* bus = (*outcome)->raw();
  joined_(std::move(*outcome));
  take_name(bus);
}

void BusMembership::take_name(sd_bus* bus) {
  int error = sd_bus_request_name_async(bus, nullptr, protocol::bus_name::event_broker, SD_BUS_NAME_QUEUE,
                                        name_answered, &address_);
  if (error < 0)
    spdlog::warn("unable to ask for the name {}: {}", protocol::bus_name::event_broker, std::strerror(-error));
}

void BusMembership::lost() {
  spdlog::warn("the bus at {} has gone; will join it again", address_);
  is_member_ = false;
  try_later();
}

void BusMembership::try_later() {
  auto path = path_of(address_);
  if (!watch_ && !path.empty()) watch_ = std::make_unique<base::PathWatch>(loop_, path, [this] { path_appeared(); });
  bool watched = watch_ && watch_->works();
  if (watched && pause_ > longest_pause_of_watched) return;
  retry_.start(pause_);
  pause_ = std::min(pause_ * 2, longest_pause);
}

void BusMembership::path_appeared() {
  pause_ = first_pause;
  join();
}

} // namespace upstart::broker
