// What a command on a job comes to: an answer, or the named error that clients know (dbus-api.md).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>

namespace upstart::supervisor {

struct CommandError {
  std::string name; // of D-Bus, see protocol::error_name
  std::string message;
};

// Answered once: with the object path of the instance concerned.
using Reply = std::function<void(std::expected<std::string, CommandError>)>;

enum class CommandKind : std::uint8_t { start, stop, restart };

} // namespace upstart::supervisor
