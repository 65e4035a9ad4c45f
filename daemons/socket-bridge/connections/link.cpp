#include "daemons/socket-bridge/connections/link.hpp"

#include <spdlog/spdlog.h>

namespace upstart::bridge {

Link::Link(protocol::EventLoop& loop, Kind kind, std::function<void(protocol::BusConnection&)> connected,
           std::function<void()> disconnected)
    : loop_{loop}, kind_{std::move(kind)}, connected_{std::move(connected)}, disconnected_{std::move(disconnected)},
      again_{loop, [this] { connect(); }}, complaint_{loop, [this](const std::string& why) {
        spdlog::warn("no connection to the {} at {}: {}; trying again", kind_.name, address_, why);
      }} {}

Link::~Link() {
  if (connection_) disconnected_();
}

void Link::connect_to(const std::string& address) {
  address_ = address;
  if (!connection_ && !greeting_) connect();
}

void Link::hurry() {
  if (!has_address() || connection_ || greeting_) return;
  pause_.reset();
  connect();
}

void Link::connect() {
  again_.stop();
  greeting_ = kind_.connect(loop_, address_, [this](auto outcome) { greeted(std::move(outcome)); });
}

void Link::greeted(std::expected<std::unique_ptr<protocol::BusConnection>, std::string> outcome) {
  greeting_.reset();
  if (!outcome) return connect_later(outcome.error());
  spdlog::debug("connected to the {} at {}", kind_.name, address_);
  connection_ = std::move(*outcome);
  connection_->on_disconnected([this] { lost(); });
  pause_.reset();
  complaint_.mended();
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
  complaint_.wrong(why);
  again_.start(pause_.next());
}

} // namespace upstart::bridge
