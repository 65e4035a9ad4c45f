// What the file of a socket looks like, as a condition asks for it: a value, compared to see whether an edited
// condition changes anything.
#pragma once

#include <optional>
#include <string>

namespace upstart::socket_bridge {

// Empty members leave what the system gives.
struct Permissions {
  std::optional<unsigned> mode; // 0 to 0777
  std::string owner;            // a name or a number
  std::string group;
  friend bool operator==(const Permissions&, const Permissions&) = default;
};

} // namespace upstart::socket_bridge
