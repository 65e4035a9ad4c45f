// Which Upstart is meant, and where it is reached: the socket of a session, the private socket of the system's init, or
// a bus. Decided from options, environment and user id alone, before anything is connected.
#pragma once

#include "clients/base/failure.hpp"
#include "clients/base/process-context.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace upstart::client {

struct Target {
  enum class Kind : std::uint8_t { peer, system_bus, session_bus };
  Kind kind = Kind::peer;
  std::string address;     // a D-Bus address
  std::string destination; // name on the bus; empty for a peer
  friend bool operator==(const Target&, const Target&) = default;
};

// What the user said about it.
struct TargetOptions {
  bool session_init = false;                // --user: the session init of UPSTART_SESSION, no other
  std::optional<Target::Kind> bus = {};     // --system, --session; nothing: neither was given
  std::optional<std::string> bus_name = {}; // --dest
};

// Behind a failure to reach an Upstart on a bus, or a session that is not named.
inline constexpr const char* way_to_session =
    "the init of a session is reached with its address in UPSTART_SESSION; `initctl list-sessions' shows addresses";

// The failure says which variable is missing, or which options do not go together.
[[nodiscard]] std::expected<Target, Failure> choose_target(const TargetOptions& options, const ProcessContext& context);

// The match rule for every signal of this Upstart's objects.
[[nodiscard]] std::string match_rule(const Target& target);

} // namespace upstart::client
