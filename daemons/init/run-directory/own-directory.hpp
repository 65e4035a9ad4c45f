// A directory that must be nobody else's: whoever can change what is in it can put other sockets in place of this
// session's.
#pragma once

#include <expected>
#include <string>

namespace upstart::init {

// Makes the directory, for this user alone, or takes one that is there: a directory and no link, owned by this user,
// which no other may write to. The error says what is wrong with it and what would be right.
[[nodiscard]] std::expected<void, std::string> make_own_directory(const std::string& path);

// What makes everything below this directory uncertain; empty: nothing.
[[nodiscard]] std::string weakness_of(const std::string& parent);

} // namespace upstart::init
