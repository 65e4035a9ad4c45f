// What a command on a job comes to: an answer, or the named error that clients know (dbus-api.md).
#pragma once

#include <expected>
#include <functional>
#include <string>

namespace upstart::supervisor {

struct CommandError {
  std::string name; // of D-Bus, see protocol::error_name
  std::string message;
};

// Of a command: the object path of the instance concerned. Of an emitted event: nothing.
using Outcome = std::expected<std::string, CommandError>;
// Answered once.
using Reply = std::function<void(Outcome)>;

} // namespace upstart::supervisor
