#include "daemons/event-broker/shell/permissions.hpp"

#include "protocol/bridges.hpp"

namespace upstart::broker {

bool Permissions::emit(const base::Caller& caller, bool on_own_socket, const std::string& event) const {
  return everything(caller) || (is_bridge(caller, on_own_socket) && protocol::account_may_emit(event));
}

bool Permissions::attach_as(const base::Caller& caller, bool on_own_socket, std::string_view handler) const {
  return everything(caller) || (is_bridge(caller, on_own_socket) && protocol::account_has_bridge(handler));
}

} // namespace upstart::broker
