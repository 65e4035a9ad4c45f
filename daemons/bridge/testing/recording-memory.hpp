// The memory of a bridge for tests of its core: records that outlive what put them, and the events as lines, each the
// name and then its variables.
#pragma once

#include "daemons/bridge/ports/memory.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace upstart::bridge {

struct RecordingMemory : Memory {
  std::map<std::string, std::string, std::less<>> records;
  std::vector<std::string> events;
  std::size_t behind = 0; // how many of them the event broker has not accepted

  void put(std::string_view key, std::string bytes) override {
    records.insert_or_assign(std::string{key}, std::move(bytes));
  }
  void erase(std::string_view key) override {
    if (auto found = records.find(key); found != records.end()) records.erase(found);
  }
  void emit(std::string name, protocol::Environment environment) override {
    for (const auto& entry : environment.strings()) name += " " + entry;
    events.push_back(std::move(name));
  }
  [[nodiscard]] std::size_t not_accepted() const override { return behind; }
};

} // namespace upstart::bridge
