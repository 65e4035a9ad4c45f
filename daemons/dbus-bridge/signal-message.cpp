#include "daemons/dbus-bridge/signal-message.hpp"

#include <cstdint>
#include <format>

namespace upstart::dbus_bridge {

namespace {

template <typename Value> std::optional<std::string> number(sd_bus_message* message, char type) {
  Value value{};
  if (sd_bus_message_read_basic(message, type, &value) < 0) return std::nullopt;
  return std::format("{}", value);
}

// The next argument as text, and past it. Descriptors are passed over: their number says nothing to others.
std::optional<std::string> next_argument(sd_bus_message* message, char type) {
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
    if (sd_bus_message_read_basic(message, type, &value) < 0) return std::nullopt;
    return value != 0 ? "true" : "false";
  }
  case SD_BUS_TYPE_STRING:
  case SD_BUS_TYPE_OBJECT_PATH:
  case SD_BUS_TYPE_SIGNATURE: {
    const char* text = nullptr;
    if (sd_bus_message_read_basic(message, type, static_cast<void*>(&text)) < 0) return std::nullopt;
    return text;
  }
  default: sd_bus_message_skip(message, nullptr); return std::nullopt;
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
  while (sd_bus_message_peek_type(message, &type, &contents) > 0)
    signal.arguments.push_back(next_argument(message, type));
  sd_bus_message_rewind(message, 1);
  return signal;
}

} // namespace upstart::dbus_bridge
