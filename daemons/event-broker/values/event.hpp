// An event as it was accepted: immutable, and shared by everything that still speaks of it.
#pragma once

#include "protocol/job-action.hpp"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace upstart::broker {

// Given out in the order of acceptance; only grows, also over a restart of the broker. 0 is no event.
using EventId = std::uint64_t;

// Microseconds since the epoch.
using Time = std::uint64_t;

struct Emitter {
  uid_t uid = 0;
  pid_t pid = 0;
  friend bool operator==(const Emitter&, const Emitter&) = default;
};

struct Event {
  EventId id = 0;
  std::string name;
  std::vector<std::string> env;
  Emitter emitter;
  Time time = 0;
  unsigned files = 0; // how many descriptors came with it
  // By which its emitter says that it is the same event when it sends it again; with the emitter's user id in it, so
  // that no user meets another's. Empty: none.
  std::string token{};
  friend bool operator==(const Event&, const Event&) = default;
};

// What a handler did because of an event.
using JobActions = std::vector<protocol::JobAction>;

using EventPointer = std::shared_ptr<const Event>;

} // namespace upstart::broker
