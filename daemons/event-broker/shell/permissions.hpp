// Who may ask the broker for what. Root and the instance's own user may do everything. The user of bridges that need no
// root (init's --bridge-user) may, on the broker's own socket, do what such a bridge does: emit its event, attach as it
// and handle events, ask for the history without environments. Everybody may look. Pure.
#pragma once

#include "daemons/base/bus-connection.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upstart::broker {

class Permissions {
public:
  // `own` is the user that this process runs as.
  Permissions(uid_t own, std::optional<uid_t> bridge_user) : own_{own}, bridge_user_{bridge_user} {}

  [[nodiscard]] bool everything(const base::Caller& caller) const { return caller.uid == 0 || caller.uid == own_; }
  // `on_own_socket`: not over a bus.
  [[nodiscard]] bool emit(const base::Caller& caller, bool on_own_socket, const std::string& event) const;
  [[nodiscard]] bool attach_as(const base::Caller& caller, bool on_own_socket, std::string_view handler) const;
  // Of what it is attached to.
  [[nodiscard]] bool handle(const base::Caller& caller, bool on_own_socket) const {
    return everything(caller) || is_bridge(caller, on_own_socket);
  }
  // All of it, not only the last events.
  [[nodiscard]] bool whole_history(const base::Caller& caller, bool on_own_socket) const {
    return handle(caller, on_own_socket);
  }

private:
  [[nodiscard]] bool is_bridge(const base::Caller& caller, bool on_own_socket) const {
    return on_own_socket && bridge_user_ && caller.uid == *bridge_user_;
  }

  uid_t own_;
  std::optional<uid_t> bridge_user_;
};

} // namespace upstart::broker
