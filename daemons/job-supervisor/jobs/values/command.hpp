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
  friend bool operator==(const CommandError&, const CommandError&) = default;
};

// Of a command: the object path of the instance concerned. Of an emitted event: nothing.
using Outcome = std::expected<std::string, CommandError>;
// Answered once.
using Reply = std::function<void(Outcome)>;

// Who has given a command. With a token, which the client has chosen and gives again when it has lost its connection,
// the command is done once and its outcome is remembered (Jobs::resume); empty: nobody asks again.
struct Asker {
  Asker() = default;
  Asker(Reply of, std::string with_token = {}) : reply{std::move(of)}, token{std::move(with_token)} {} // NOLINT
  template <typename Function>
    requires std::constructible_from<Reply, Function>
  Asker(Function of) : reply{std::move(of)} {} // NOLINT: a reply alone is an asker
  explicit operator bool() const { return static_cast<bool>(reply); }

  Reply reply;
  std::string token;
  std::uint32_t uid = 0, pid = 0; // of the process; pid 0: not known
};

} // namespace upstart::supervisor
