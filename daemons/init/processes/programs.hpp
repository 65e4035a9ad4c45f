// Where the programs that init starts are.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::init {

// Beside init's own program, or where an installation puts what is not for users; `directory` is looked in alone, if
// given.
[[nodiscard]] std::expected<std::string, std::string> find_daemon(const std::string& program,
                                                                  const std::optional<std::string>& directory);

// In the directories of PATH.
[[nodiscard]] std::optional<std::string> find_in_path(const std::string& program, std::string_view path);

} // namespace upstart::init
