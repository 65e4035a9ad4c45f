// What bridges that run as an account of their own need in the run directory of a system, which is root's: the way to
// the sockets of broker and supervisor and to init's own, and each its lock, which it shares with one that root starts
// by hand, and a directory for what must survive it.
#pragma once

#include "daemons/init/configuration/accounts.hpp"

#include <expected>
#include <span>
#include <string>

namespace upstart::init {

// Lets the account's group through the directory, to these sockets in it, and makes lock and directory of these
// bridges, or takes those that are there, for the account alone. May be done again. The error says what could not be
// done.
[[nodiscard]] std::expected<void, std::string> admit_bridges(const std::string& run_directory, const Account& account,
                                                             std::span<const std::string> sockets,
                                                             std::span<const std::string> bridges);

// Whether the account was admitted before.
[[nodiscard]] bool are_admitted(const std::string& run_directory, const Account& account);

} // namespace upstart::init
