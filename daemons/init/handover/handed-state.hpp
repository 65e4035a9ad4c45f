// All that an init hands to the one that is executed in its place, as one value: what it has made, what it keeps for
// its daemons, and which of them run. Descriptors are numbers, open in both programs. Pure; as text it is JSON.
//
// Who changes what it means, so that an init of before would do harm with it, or that an init of before must not be
// taken over, gives it the next format number.
#pragma once

#include "daemons/base/orphan-exits.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace upstart::init {

struct HandedDescriptor {
  std::string name;
  int fd = -1;
  friend bool operator==(const HandedDescriptor&, const HandedDescriptor&) = default;
};

struct HandedDaemon {
  std::string program; // its name in the table
  pid_t pid = 0;       // 0: it does not run just now
  bool wanted = true;  // of a bridge: by jobs
  bool ready = false;
  bool was_ready = false;
  std::vector<HandedDescriptor> sockets{};
  std::vector<HandedDescriptor> kept{};
  friend bool operator==(const HandedDaemon&, const HandedDaemon&) = default;
};

struct HandedState {
  static constexpr unsigned present_format = 1;

  unsigned format = present_format;
  std::string version;         // of the init that hands it over
  std::string directory;       // the run directory
  int lock = -1;               // on it
  bool goes_on = false;        // with a session of which all was killed
  std::string private_address; // empty: none
  int notify_socket = -1;
  std::string session_file;     // empty: none is written
  std::uint64_t open_files = 0; // the daemons' own limit
  std::vector<HandedDaemon> daemons{};
  std::vector<base::OrphanExit> exits{}; // how orphans ended, the oldest first
  std::uint64_t exits_forgotten = 0;
  pid_t command = 0; // that a container is there for; 0: none runs
  friend bool operator==(const HandedState&, const HandedState&) = default;
};

[[nodiscard]] std::string to_text(const HandedState& state);
// The error is why it cannot be taken over.
[[nodiscard]] std::expected<HandedState, std::string> parse_state(std::string_view text);
// Every descriptor in it.
[[nodiscard]] std::vector<int> descriptors_of(const HandedState& state);

} // namespace upstart::init
