// What processes use of the machine, read from /proc in one pass: memory, processor time, how many they are.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

struct KnownProcess {
  std::int32_t pid = 0, parent = 0, session = 0;
  std::string name = {};                   // of its program, as the kernel has it
  std::uint64_t memory = 0;                // resident, in bytes
  std::chrono::milliseconds cpu{0};        // used so far
  std::chrono::milliseconds after_boot{0}; // when it was started
};

// Of all processes that one job's processes have brought forth, these included.
struct Usage {
  std::uint64_t memory = 0; // in bytes; what they share counts for each
  std::chrono::milliseconds cpu{0};
  std::size_t processes = 0;
  friend bool operator==(const Usage&, const Usage&) = default;
};

class ProcessTable {
public:
  explicit ProcessTable(std::vector<KnownProcess> processes);
  // All processes that may be seen.
  [[nodiscard]] static ProcessTable of_this_machine(const std::string& proc = "/proc");

  [[nodiscard]] const KnownProcess* find(std::int32_t pid) const;
  // The process, its descendants and those of a session that it leads, parents before children.
  [[nodiscard]] std::vector<const KnownProcess*> family_of(std::int32_t pid) const;
  // Nothing where none of them is there.
  [[nodiscard]] std::optional<Usage> usage_of(const std::vector<std::int32_t>& pids) const;

private:
  void add_family(const KnownProcess& process, std::vector<const KnownProcess*>& family) const;

  std::map<std::int32_t, KnownProcess> processes_;
  std::multimap<std::int32_t, std::int32_t> children_; // by parent
};

// From the text of /proc/PID/stat; nothing if it is no such text.
[[nodiscard]] std::optional<KnownProcess> process_from_stat(const std::string& text);

// "932K", "12.4M", "1.2G"
[[nodiscard]] std::string shown_size(std::uint64_t bytes);

} // namespace upstart::client
