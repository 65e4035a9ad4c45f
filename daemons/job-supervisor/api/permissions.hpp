// Who may call what (dbus-api.md, "Who may call"): a table of what everyone may do, and of what bridges may that need
// no root; all else is for root and, in a session, its own user.
#pragma once

#include <optional>
#include <string_view>

namespace upstart::supervisor {

// What the caller must be permitted to do for this member, as the text of PermissionDenied goes on ("emit an event");
// nothing where everyone may call it.
[[nodiscard]] std::optional<std::string_view> permission_for(std::string_view interface, std::string_view member);

// Whether this member is for bridges that need no root, too.
[[nodiscard]] bool is_for_bridges(std::string_view member);

} // namespace upstart::supervisor
