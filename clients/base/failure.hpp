// What a client says when it cannot do what it was asked: one message for the person at the keyboard.
#pragma once

#include <expected>
#include <string>

namespace upstart::client {

// Usage errors are followed by the hint at --help.
struct Failure {
  std::string message;
  bool usage = false;
  std::string hint = {}; // a further line: what to do about it; empty: nothing is known
};

// The exit status, or what went wrong (exit status 1).
using Outcome = std::expected<int, Failure>;

} // namespace upstart::client
