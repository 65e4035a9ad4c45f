// Listens to the signals of one bus, for a bridge: asks the bus for those that match the rules in force, and hands on
// each that comes, once. It is connected only while there is a rule, and asks anew when the bus is back. What the bus
// sends meanwhile is lost: a bus keeps no signals. A signal may come that fits no rule, as anybody may send one to this
// connection alone.
//
// The owner of a well-known name is asked for, and followed, before the rules that need it are in force; the bus keeps
// the order, so that a signal never comes before the owner that was right when it was sent.
#pragma once

#include "daemons/base/reconnecting-connection.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace upstart::bridge {

class BusListener {
public:
  struct Events {
    std::function<void(sd_bus_message*)> signal; // to be left at its beginning
    // Empty: nobody has the name.
    std::function<void(const std::string& name, const std::string& owner)> owner;
    std::function<void()> gone = {}; // no owner is known any more
  };
  struct State {
    std::string text; // "listening", "asking", "refused: WHY", or why there is no connection
    std::chrono::system_clock::time_point since;
  };

  // `label` is how messages call the bus: "system bus". `address` may be empty: then there is no such bus.
  BusListener(base::EventLoop& loop, std::string label, std::string address, Events events);
  BusListener(const BusListener&) = delete;
  BusListener& operator=(const BusListener&) = delete;
  ~BusListener();

  // In place of what was wanted before: match rules, and well-known names to be followed.
  void want(std::set<std::string> rules, std::set<std::string> names);
  // Of a rule that is wanted.
  [[nodiscard]] State state(const std::string& rule) const;

private:
  struct Call; // a question to the bus, until it is answered or the connection goes
  void connected(base::BusConnection& connection);
  void disconnected();
  void bring_into_force();
  void ask(const char* method, const std::string& argument, std::function<void(sd_bus_message*)> answered);
  void follow(const std::string& name);
  void add_rule(const std::string& rule);
  void received(sd_bus_message* message);
  void note_owner(sd_bus_message* message);
  void lost(const std::string& why);

  std::string label_;
  std::string address_;
  Events events_;
  std::set<std::string> rules_, names_;    // wanted
  std::map<std::string, State> asked_for_; // rules on this connection
  std::set<std::string> followed_;         // names on this connection
  State lost_;                             // while not connected
  sd_bus* raw_ = nullptr;                  // while connected
  std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> filter_{nullptr, sd_bus_slot_unref};
  std::map<Call*, std::unique_ptr<Call>> calls_;
  base::ReconnectingConnection connection_;
};

} // namespace upstart::bridge
