// Capabilities by name, as capabilities(7) has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// Its number; "CAP_NET_RAW", "cap_net_raw" and "net_raw" are the same. Nothing for what is no name of a capability.
[[nodiscard]] std::optional<int> capability_of_name(std::string_view name);
// "CAP_NET_RAW"; empty where it has no name.
[[nodiscard]] std::string name_of_capability(int number);
// The name nearest to a wrong one: "did you mean `CAP_NET_RAW`?"; may be empty.
[[nodiscard]] std::string suggested_capability(std::string_view name);

} // namespace upstart::supervisor
