// Whether anybody on a bus may listen to the signals. A session's own bus often has Upstart's daemons on it and nobody
// else: then a signal would cost the bus more than it costs here, and nobody would get it. A bus does not tell who has
// asked for which signals; so whoever is there counts as a listener, but for the event broker, which never asks.
//
// A client that has disconnected counts as a listener from then on: it may have become a monitor, which has no name.
// And while the bus has said something that was not read yet, somebody may have come.
#pragma once

#include "daemons/base/bus-connection.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace upstart::supervisor {

class BusAudience {
public:
  // Asks the bus. The connection is one to a bus, and outlives this.
  explicit BusAudience(base::BusConnection& connection);
  BusAudience(const BusAudience&) = delete;
  BusAudience& operator=(const BusAudience&) = delete;

  [[nodiscard]] bool may_listen();

private:
  using Slot = std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)>;
  void ask(const char* method, const char* argument, sd_bus_message_handler_t answered, Slot& slot);
  void name_changed(const std::string& name, const std::string& before, const std::string& after);
  void take_names(sd_bus_message* names);
  [[nodiscard]] bool is_own(const std::string& name) const;
  void give_up();

  base::BusConnection& connection_;
  std::set<std::string> strangers_; // unique names
  bool names_known_ = false, broker_known_ = false;
  std::uint64_t looked_at_ = 0; // by the count of inputs, whether the bus has said something that was not read yet
  bool has_input_ = false;
  bool may_be_watched_ = false; // by somebody who has no name, or it cannot be told; this is final
  Slot changes_{nullptr, sd_bus_slot_unref}, names_{nullptr, sd_bus_slot_unref}, broker_{nullptr, sd_bus_slot_unref};
};

} // namespace upstart::supervisor
