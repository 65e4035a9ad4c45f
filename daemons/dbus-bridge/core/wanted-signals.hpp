// Which signals all jobs together want: what each bus is asked for, and the events that a signal makes. A job's
// conditions are understood once, when they come. Pure.
#pragma once

#include "daemons/dbus-bridge/conditions/dbus-condition.hpp"

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace upstart::dbus_bridge {

// What one bus is to be asked for.
struct Wishes {
  std::map<std::string, std::set<std::string>> rules; // match rules, each with the jobs that it is for
  std::set<std::string> names;                        // well-known names whose owner must be known
  [[nodiscard]] bool empty() const { return rules.empty(); }
  friend bool operator==(const Wishes&, const Wishes&) = default;
};

class WantedSignals {
public:
  // `always`: every signal of the preset bus makes an event, whether a job wants it or not.
  WantedSignals(Naming naming, bool always);

  // What cannot be served of the jobs that have changed, each a message that names job and variable.
  [[nodiscard]] std::vector<bridge::ConditionWarning> jobs_changed(const bridge::ConditionsUpdate& update);
  [[nodiscard]] const Wishes& wishes(Bus bus) const { return wishes_[place(bus)]; }

  // Nobody has the name: `owner` is empty.
  void owner_changed(Bus bus, const std::string& name, const std::string& owner);
  void bus_gone(Bus bus) { owners_[place(bus)].clear(); }

  // The events of this signal: none where no condition may match it; more than one only where one condition fixes a
  // well-known name as SENDER and another one the unique name, or another name, of the same connection.
  [[nodiscard]] std::vector<protocol::Environment> events_of(Bus bus, const Signal& signal) const;

private:
  [[nodiscard]] static std::size_t place(Bus bus) { return static_cast<std::size_t>(bus); }
  void make_wishes();

  Naming naming_;
  bool always_;
  std::map<std::string, std::vector<DbusCondition>> jobs_;
  std::array<Wishes, 2> wishes_;
  std::array<Owners, 2> owners_;
};

} // namespace upstart::dbus_bridge
