#include "daemons/job-supervisor/language/words/capabilities.hpp"

#include "daemons/base/values/suggestions.hpp"

#include <algorithm>
#include <array>

namespace upstart::supervisor {

namespace {

// By their numbers.
constexpr auto names = std::to_array<std::string_view>({
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
});

constexpr std::string_view prefix = "CAP_";

std::string full_name(std::string_view name) {
  std::string upper{name};
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper.starts_with(prefix) ? upper : std::string{prefix} + upper;
}

} // namespace

std::optional<int> capability_of_name(std::string_view name) {
  const auto found = std::ranges::find(names, full_name(name));
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin());
}

std::string name_of_capability(int number) {
  const auto index = static_cast<std::size_t>(number);
  return number >= 0 && index < names.size() ? std::string{names[index]} : std::string{};
}

std::string suggested_capability(std::string_view name) { return base::near_miss(full_name(name), names); }

} // namespace upstart::supervisor
