// The bridges that are attached: who watches the conditions of jobs over a direct connection (WatchConditions), and for
// which events. A bridge is noted from its first such call until its connection ends. Owned by the daemon; outlives the
// connections.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace upstart::supervisor {

// The file of the program that a process runs, as the kernel tells it; empty where that cannot be told.
[[nodiscard]] std::string program_of(pid_t pid);

struct AttachedBridge {
  std::string name;                // of its program, without "upstart-"; empty where that cannot be told
  bool is_of_upstart = false;      // the program is called upstart-NAME, so it has a name on the bus made from NAME
  pid_t pid = 0;                   // when it attached
  std::vector<std::string> events; // sorted
};

class BridgeRegister {
public:
  using ProgramOf = std::string (*)(pid_t);

  explicit BridgeRegister(ProgramOf program_of = supervisor::program_of) : program_of_{program_of} {}

  // `connection` stands for the connection, whatever its type.
  void note(const void* connection, pid_t pid, const std::string& event);
  void forget(const void* connection) { bridges_.erase(connection); }
  // Sorted by name and process id.
  [[nodiscard]] std::vector<AttachedBridge> bridges() const;

private:
  ProgramOf program_of_;
  std::map<const void*, AttachedBridge> bridges_;
};

} // namespace upstart::supervisor
