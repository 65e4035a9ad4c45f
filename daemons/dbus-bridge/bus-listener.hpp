// Listens to the signals of one bus: asks it for those that match the rules in force, and hands on each that comes,
// once. It is connected only while there is a rule, and asks anew when the bus is back. What the bus sends meanwhile is
// lost: a bus keeps no signals.
//
// The owner of a well-known name is asked for, and followed, before the rules that need it are in force; the bus keeps
// the order, so that a signal never comes before the owner that was right when it was sent.
#pragma once

#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/dbus-bridge/core/wanted-signals.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace upstart::dbus_bridge {

class BusListener {
public:
  struct Events {
    std::function<void(const Signal&)> signal;
    // Empty: nobody has the name.
    std::function<void(const std::string& name, const std::string& owner)> owner;
    std::function<void()> gone; // no owner is known any more
    std::function<void(const std::string& rule, const std::string& state)> changed;
  };

  // `address` may be empty: then there is no such bus, and every rule's state says so.
  BusListener(base::EventLoop& loop, Bus bus, std::string address, Events events);
  BusListener(const BusListener&) = delete;
  BusListener& operator=(const BusListener&) = delete;
  ~BusListener();

  void want(const Wishes& wishes);
  // Of a rule that is wanted: "listening since TIME", "asking", "refused: WHY" or "no connection to the bus…".
  [[nodiscard]] std::string state(const std::string& rule) const;
  void connect_now() { connection_.connect_now(); }

private:
  struct Call; // a question to the bus, until it is answered or the connection goes
  void connected(base::BusConnection& connection);
  void disconnected();
  void bring_into_force();
  void ask(const char* method, const std::string& argument, std::function<void(sd_bus_message*)> answered);
  void follow(const std::string& name);
  void add_rule(const std::string& rule);
  void received(sd_bus_message* message);
  void set_state(const std::string& rule, std::string state);

  Bus bus_;
  std::string address_;
  Events events_;
  Wishes wishes_;
  std::map<std::string, std::string> rules_; // asked for on this connection, each with its state
  std::set<std::string> names_;              // followed on this connection
  std::string lost_ = "not connected yet";
  sd_bus* raw_ = nullptr; // while connected
  std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> filter_{nullptr, sd_bus_slot_unref};
  std::map<Call*, std::unique_ptr<Call>> calls_;
  base::ReconnectingConnection connection_;
};

} // namespace upstart::dbus_bridge
