#include "daemons/dbus-bridge/core/wanted-signals.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace upstart::dbus_bridge;
using upstart::bridge::ConditionsUpdate;
using upstart::bridge::Match;
using Words = std::vector<std::string>;
using Jobs = std::set<std::string>;

namespace {

ConditionsUpdate jobs(std::initializer_list<std::pair<const char*, std::vector<Words>>> list) {
  ConditionsUpdate update;
  for (const auto& [job, conditions] : list) {
    auto& entry = update.changed.emplace_back(job);
    for (const auto& arguments : conditions) entry.matches.push_back({"dbus", arguments, true});
  }
  return update;
}

Signal signal(const std::string& member, const std::string& sender = ":1.7") {
  return {.member = member, .interface = "x.y", .path = "/a", .sender = sender, .destination = "", .arguments = {}};
}

// The first two variables of each event.
Words events(const WantedSignals& wanted, Bus bus, const Signal& signal) {
  Words texts;
  for (const auto& event : wanted.events_of(bus, signal)) {
    const auto& strings = event.strings();
    texts.push_back(strings[0].starts_with("BUS") ? strings[0] + " " + strings[4] : strings[0] + " " + strings[3]);
  }
  return texts;
}

} // namespace

TEST_CASE("each bus is asked for the rules of all jobs, one rule for all who want the same") {
  WantedSignals wanted{{}, false};
  CHECK(wanted.wishes(Bus::system).empty());
  CHECK(wanted
            .jobs_changed(
                jobs({{"a", {{"SIGNAL=A"}, {"SIGNAL=B", "BUS=session"}}}, {"b", {{"SIGNAL=A"}, {"SENDER=org.x"}}}}))
            .empty());
  CHECK(wanted.wishes(Bus::system).rules ==
        std::map<std::string, Jobs>{{"type='signal',member='A'", {"a", "b"}}, {"type='signal',sender='org.x'", {"b"}}});
  CHECK(wanted.wishes(Bus::system).names == Jobs{"org.x"});
  CHECK(wanted.wishes(Bus::session).rules == std::map<std::string, Jobs>{{"type='signal',member='B'", {"a"}}});
  static_cast<void>(wanted.jobs_changed({.changed = {}, .gone = {"a", "b"}, .activity = {}}));
  CHECK(wanted.wishes(Bus::system).empty());
  CHECK(wanted.wishes(Bus::session).empty());
}

TEST_CASE("a signal that jobs want is one event, however many want it; one that none wants is none") {
  WantedSignals wanted{{}, false};
  static_cast<void>(wanted.jobs_changed(jobs({{"a", {{"SIGNAL=A"}}}, {"b", {{"SIGNAL=[AC]"}}}})));
  CHECK(events(wanted, Bus::system, signal("A")) == Words{"SIGNAL=A SENDER=:1.7"});
  CHECK(events(wanted, Bus::system, signal("B")).empty());
  CHECK(events(wanted, Bus::session, signal("A")).empty());
}

TEST_CASE("the event has BUS where a condition says it, or where the bus has a name") {
  WantedSignals wanted{{}, false};
  static_cast<void>(wanted.jobs_changed(jobs({{"a", {{"BUS=session"}}}, {"b", {{}}}})));
  CHECK(events(wanted, Bus::session, signal("A")) == Words{"BUS=session SENDER=:1.7"});
  CHECK(events(wanted, Bus::system, signal("A")) == Words{"SIGNAL=A SENDER=:1.7"});
  WantedSignals named{{.bus_name = "mine"}, false};
  static_cast<void>(named.jobs_changed(jobs({{"b", {{}}}})));
  CHECK(events(named, Bus::system, signal("A")) == Words{"BUS=mine SENDER=:1.7"});
}

TEST_CASE("the event's SENDER is the well-known name that a condition fixes") {
  WantedSignals wanted{{}, false};
  static_cast<void>(wanted.jobs_changed(jobs({{"a", {{"SIGNAL=A"}}}, {"b", {{"SENDER=org.x"}}}})));
  wanted.owner_changed(Bus::system, "org.x", ":1.7");
  CHECK(events(wanted, Bus::system, signal("A")) == Words{"SIGNAL=A SENDER=org.x"});
  CHECK(events(wanted, Bus::system, signal("A", ":1.8")) == Words{"SIGNAL=A SENDER=:1.8"});
  wanted.owner_changed(Bus::system, "org.x", "");
  CHECK(events(wanted, Bus::system, signal("B")).empty());
  wanted.owner_changed(Bus::system, "org.x", ":1.7");
  wanted.bus_gone(Bus::system);
  CHECK(events(wanted, Bus::system, signal("B")).empty());
}

TEST_CASE("conditions that want the sender written differently get an event each") {
  WantedSignals wanted{{}, false};
  static_cast<void>(
      wanted.jobs_changed(jobs({{"a", {{"SENDER=org.x"}}}, {"b", {{"SENDER=:1.*"}}}, {"c", {{"SENDER=org.x"}}}})));
  wanted.owner_changed(Bus::system, "org.x", ":1.7");
  CHECK(events(wanted, Bus::system, signal("A")) == Words{"SIGNAL=A SENDER=org.x", "SIGNAL=A SENDER=:1.7"});
}

TEST_CASE("always: every signal of the preset bus is an event, but none of Upstart's own") {
  WantedSignals wanted{{}, true};
  CHECK(wanted.wishes(Bus::system).rules == std::map<std::string, Jobs>{{"type='signal'", {"--always"}}});
  CHECK(events(wanted, Bus::system, signal("A")) == Words{"SIGNAL=A SENDER=:1.7"});
  CHECK(events(wanted, Bus::session, signal("A")).empty());
  auto own = signal("EventEmitted");
  own.interface = "com.ubuntu.Upstart0_6";
  CHECK(events(wanted, Bus::system, own).empty());
  auto properties = signal("PropertiesChanged");
  properties.path = "/com/ubuntu/Upstart/jobs/a";
  CHECK(events(wanted, Bus::system, properties).empty());
}

TEST_CASE("a condition that cannot be served is a message, and the others of the job are served") {
  WantedSignals wanted{{}, false};
  auto warnings = wanted.jobs_changed(jobs({{"a", {{"SIGNAL=A"}, {"PATH=/x"}}}}));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].match.arguments == Words{"PATH=/x"});
  CHECK(warnings[0].text ==
        "job a: PATH in its dbus condition: not a variable of a dbus event; known are BUS, SIGNAL, INTERFACE, "
        "OBJPATH, SENDER, ARG0, ARG1 and so on; this signal is not waited for");
  CHECK(wanted.wishes(Bus::system).rules.size() == 1);
}
