// Users and groups as a child sees them after chroot: read from /etc/passwd and /etc/group there, without allocating
// and without locks, since the child may still share the supervisor's memory. A name that these files do not have is
// asked of the C library's name services, which only a child with memory of its own may do (`may_ask_services`).
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace upstart::supervisor {

struct Account {
  uid_t user = 0;
  gid_t group = 0;
  bool from_services = false; // its groups are to be asked there, too
};

// Supplementary groups, in a fixed place.
struct GroupList {
  std::array<gid_t, 1024> groups{};
  std::size_t count = 0;
  void add(gid_t group);
};

[[nodiscard]] std::optional<Account> find_account(const char* name, bool may_ask_services);
[[nodiscard]] std::optional<gid_t> find_group(const char* name, bool may_ask_services);
// The name of a user id, into `buffer`; empty when it has none in /etc/passwd.
[[nodiscard]] std::string_view name_of_user(uid_t user, std::array<char, 256>& buffer);
// `group` and every group that names the user as a member.
void find_groups_of(std::string_view user, gid_t group, bool from_services, GroupList& found);

} // namespace upstart::supervisor
