// Which command lines the small program does itself: start, stop and status of one job, and emit, in their plain form.
// All others, and all faults in them, are the full program's. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace upstart::client::front {

struct Request {
  enum class Command : std::uint8_t { start, stop, status, emit };
  Command command = Command::status;
  std::string name; // of the job or event
  std::vector<std::string> environment = {};
  bool wait = true;
  bool quiet = false;
  friend bool operator==(const Request&, const Request&) = default;
};

// From the words of a command line, the name of the program first. Nothing: it is for the full program.
[[nodiscard]] std::optional<Request> plain_request(std::span<const char* const> words);

} // namespace upstart::client::front
