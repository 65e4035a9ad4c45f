#include "daemons/socket-bridge/connections/link.hpp"

#include <spdlog/spdlog.h>

namespace upstart::socket_bridge {

Link::Link(base::EventLoop& loop, Kind kind, std::function<void(base::BusConnection&)> connected,
           std::function<void()> disconnected)
    : loop_{loop},
      kind_{std::move(kind)},
      connected_{std::move(connected)},
      disconnected_{std::move(disconnected)},
      again_{loop, [this] { connect(); }},
      warning_{loop, [this](const std::string& why) {
                 spdlog::warn("no connection to the {} at {}: {}; trying again", kind_.name, address_, why);
               }} {}

Link::~Link() {
  if (connection_) disconnected_();
}

void Link::connect_to(const std::string& address) {
  address_ = address;
  if (!connection_ && !handshake_) connect();
}

void Link::hurry() {
  if (!has_address() || connection_ || handshake_) return;
  pause_.reset();
  connect();
}

void Link::connect() {
  again_.stop();
  handshake_ = kind_.connect(loop_, address_, [this](auto outcome) { handshake_done(std::move(outcome)); });
}

void Link::handshake_done(std::expected<std::unique_ptr<base::BusConnection>, std::string> outcome) {
  handshake_.reset();
  if (!outcome) return connect_later(outcome.error());
  spdlog::debug("connected to the {} at {}", kind_.name, address_);
  connection_ = std::move(*outcome);
  connection_->on_disconnected([this] { lost(); });
  pause_.reset();
  warning_.recovered();
  try {
    connected_(*connection_);
  } catch (const sdbus::Error& error) {
    spdlog::warn("the {} hung up at once: {}", kind_.name, error.getMessage()); // and `lost` will follow
  }
}

void Link::lost() {
  disconnected_();
  connection_.reset();
  connect_later("it hung up");
}

void Link::connect_later(const std::string& why) {
  spdlog::debug("no connection to the {} at {}: {}", kind_.name, address_, why);
  warning_.failing(why);
  again_.start(pause_.next());
}

} // namespace upstart::socket_bridge
