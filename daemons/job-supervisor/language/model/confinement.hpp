// What a job's processes may take of the machine (limits of their control group) and see and do of it (the sandbox).
// Values; few jobs say anything of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upstart::supervisor {

inline constexpr std::uint64_t without_limit = ~std::uint64_t{0};

struct MemorySize {
  std::uint64_t amount = without_limit; // bytes, or hundredths of the machine's memory
  bool is_percentage = false;
  friend bool operator==(const MemorySize&, const MemorySize&) = default;
};

// Processor time within each period, both in microseconds.
struct ProcessorShare {
  static constexpr std::uint64_t usual_period = 100'000;
  std::uint64_t time = without_limit;
  std::uint64_t period = usual_period;
  friend bool operator==(const ProcessorShare&, const ProcessorShare&) = default;
};

// Limits of the job's control group, in the words of cgroup v2.
struct GroupLimits {
  std::optional<MemorySize> memory_max{}, memory_high{};
  std::optional<std::uint64_t> cpu_weight{};
  std::optional<ProcessorShare> cpu_max{};
  std::optional<std::uint64_t> tasks_max{}, io_weight{};
  friend bool operator==(const GroupLimits&, const GroupLimits&) = default;
};

// A bit for each capability, by its number in capabilities(7).
using CapabilitySet = std::uint64_t;
inline constexpr CapabilitySet all_capabilities = ~CapabilitySet{0};

// What is read-only: nothing; /usr and what boots; /etc, too; everything but /dev, /proc and /sys.
enum class ProtectSystem : std::uint8_t { off, usr, with_etc, strict };
// /home, /root and /run/user: as they are; inaccessible; empty; read-only.
enum class ProtectHome : std::uint8_t { off, hidden, empty, read_only };

struct Sandbox {
  bool no_new_privileges = false;
  CapabilitySet bounding = all_capabilities;
  CapabilitySet ambient = 0;
  bool private_tmp = false;
  ProtectSystem protect_system = ProtectSystem::off;
  ProtectHome protect_home = ProtectHome::off;
  std::vector<std::string> writable{}; // what `protect` does not make read-only; "-PATH": if it is there
  friend bool operator==(const Sandbox&, const Sandbox&) = default;
};

} // namespace upstart::supervisor
