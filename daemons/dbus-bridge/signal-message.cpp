#include "daemons/dbus-bridge/signal-message.hpp"

#include <cstdint>
#include <expected>
#include <format>

namespace upstart::dbus_bridge {

namespace {

using Argument = std::expected<std::optional<std::string>, int>; // or why it cannot be read: the message is not past it

template <typename Value> Argument number(sd_bus_message* message, char type) {
  Value value{};
  if (int error = sd_bus_message_read_basic(message, type, &value); error < 0) return std::unexpected(error);
  return std::format("{}", value);
}

// The next argument as text, and past it. Descriptors are skipped: their number says nothing to others.
Argument next_argument(sd_bus_message* message, char type) {
  switch (type) {
  case SD_BUS_TYPE_BYTE: return number<std::uint8_t>(message, type);
  case SD_BUS_TYPE_INT16: return number<std::int16_t>(message, type);
  case SD_BUS_TYPE_UINT16: return number<std::uint16_t>(message, type);
  case SD_BUS_TYPE_INT32: return number<std::int32_t>(message, type);
  case SD_BUS_TYPE_UINT32: return number<std::uint32_t>(message, type);
  case SD_BUS_TYPE_INT64: return number<std::int64_t>(message, type);
  case SD_BUS_TYPE_UINT64: return number<std::uint64_t>(message, type);
  case SD_BUS_TYPE_DOUBLE: return number<double>(message, type);
  case SD_BUS_TYPE_BOOLEAN: {
    int value = 0;
    if (int error = sd_bus_message_read_basic(message, type, &value); error < 0) return std::unexpected(error);
    return value != 0 ? "true" : "false";
  }
  case SD_BUS_TYPE_STRING:
  case SD_BUS_TYPE_OBJECT_PATH:
  case SD_BUS_TYPE_SIGNATURE: {
    const char* text = nullptr;
    int error = sd_bus_message_read_basic(message, type, static_cast<void*>(&text));
    if (error < 0) return std::unexpected(error);
    return text;
  }
  default:
    if (int error = sd_bus_message_skip(message, nullptr); error < 0) return std::unexpected(error);
    return std::nullopt;
  }
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

} // namespace

std::optional<Signal> signal_of(sd_bus_message* message) {
  Signal signal{.member = text_of(sd_bus_message_get_member(message)),
                .interface = text_of(sd_bus_message_get_interface(message)),
                .path = text_of(sd_bus_message_get_path(message)),
                .sender = text_of(sd_bus_message_get_sender(message)),
                .destination = text_of(sd_bus_message_get_destination(message)),
                .arguments = {}};
  if (sd_bus_message_rewind(message, 1) < 0) return std::nullopt;
  char type = 0;
  const char* contents = nullptr;
  int left = 0;
  while ((left = sd_bus_message_peek_type(message, &type, &contents)) > 0) {
    auto argument = next_argument(message, type);
    if (!argument) return std::nullopt;
    signal.arguments.push_back(std::move(*argument));
  }
  if (left < 0) return std::nullopt;
  sd_bus_message_rewind(message, 1);
  return signal;
}

} // namespace upstart::dbus_bridge
