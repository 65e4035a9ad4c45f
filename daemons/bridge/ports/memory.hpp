// What a bridge's core remembers over the death of its process, and the events that it emits: a table of records by
// key, and emissions. What is done to it in one turn is one change: all of it or nothing survives, so that what was
// seen and the event that follows from it are never apart. Pure; event-journal.hpp is the real one.
#pragma once

#include "protocol/environment.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace upstart::bridge {

class Memory {
public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  virtual ~Memory() = default;

  // In place of what the key stood for.
  virtual void put(std::string_view key, std::string bytes) = 0;
  virtual void erase(std::string_view key) = 0;
  // One event, once, whatever dies when.
  virtual void emit(std::string name, protocol::Environment environment) = 0;
  // How many emitted events the event broker has not accepted yet.
  [[nodiscard]] virtual std::size_t not_accepted() const = 0;
};

} // namespace upstart::bridge
