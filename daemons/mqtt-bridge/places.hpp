// The files of the bridge: where they are, and what they hold.
#pragma once

#include <expected>
#include <optional>
#include <string>

namespace upstart::mqtt_bridge {

// $XDG_STATE_HOME/upstart or ~/.local/state/upstart of a session, whose home directory this is; else /var/lib/upstart.
[[nodiscard]] std::string state_directory(const std::optional<std::string>& home);
[[nodiscard]] std::expected<std::string, std::string> content_of(const std::string& path);
// The first line of a file.
[[nodiscard]] std::expected<std::string, std::string> password_in(const std::string& path);
[[nodiscard]] std::string host_name();
// A text in the run directory that is of one life of the Upstart that it belongs to; made if it is not there. Empty
// where that cannot be.
[[nodiscard]] std::string life_of(const std::string& run_directory);

} // namespace upstart::mqtt_bridge
