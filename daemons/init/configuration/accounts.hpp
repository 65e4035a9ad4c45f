// Accounts, as /etc/passwd has them: what else may know some (a directory service) is not there when a machine boots.
// Pure.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace upstart::init {

struct Account {
  uid_t user = 0;
  gid_t group = 0;
  friend bool operator==(const Account&, const Account&) = default;
};

// The first account of this name in the text of that file. Nothing where there is none, its line is damaged, or it has
// a number of root's.
[[nodiscard]] std::optional<Account> account_in(std::string_view passwd, std::string_view name);

} // namespace upstart::init
