#include "daemons/dbus-bridge/conditions/dbus-condition.hpp"

#include <doctest/doctest.h>

using namespace upstart::dbus_bridge;
using Words = std::vector<std::string>;

namespace {

DbusCondition condition(const Words& words, const Naming& naming = {}) {
  auto parsed = parse_condition(words, naming);
  if (!parsed) FAIL_CHECK(parsed.error().variable << ": " << parsed.error().message);
  return parsed.value_or(DbusCondition{});
}
std::string rule(const Words& words) { return condition(words).match_rule(); }
// "VARIABLE: MESSAGE"; empty where there is none.
std::string fault(const Words& words, const Naming& naming = {}) {
  auto parsed = parse_condition(words, naming);
  return parsed ? "" : parsed.error().variable + ": " + parsed.error().message;
}

const Signal sleep_signal{.member = "PrepareForSleep",
                          .interface = "org.freedesktop.login1.Manager",
                          .path = "/org/freedesktop/login1",
                          .sender = ":1.7",
                          .destination = "",
                          .arguments = {"true", std::nullopt, "7"}};

bool fits(const Words& words, const Owners& owners = {}) {
  return upstart::dbus_bridge::fits(condition(words), environment_of(sleep_signal, "", sleep_signal.sender), owners);
}

} // namespace

TEST_CASE("an event has its variables in their order, and arguments of no basic type are skipped with their number") {
  auto directed = sleep_signal;
  directed.destination = ":1.2";
  CHECK(environment_of(directed, "system", "org.x").strings() ==
        Words{"BUS=system", "SIGNAL=PrepareForSleep", "INTERFACE=org.freedesktop.login1.Manager",
              "OBJPATH=/org/freedesktop/login1", "SENDER=org.x", "DESTINATION=:1.2", "ARG0=true", "ARG2=7"});
}

TEST_CASE("a match rule has all that the condition fixes") {
  CHECK(rule({}) == "type='signal'");
  CHECK(rule({"SIGNAL=A", "INTERFACE=x.y", "OBJPATH=/a/b", "SENDER=:1.5", "ARG1=it's"}) ==
        R"(type='signal',arg1='it'\''s',interface='x.y',member='A',path='/a/b',sender=':1.5')");
  CHECK(rule({"OBJPATH=/a", "SIGNAL=A"}) == rule({"SIGNAL=A", "OBJPATH=/a", "SIGNAL=A"}));
}

TEST_CASE("what a rule cannot say exactly is left to the bridge") {
  CHECK(rule({"SIGNAL=A*", "INTERFACE!=x.y", "SENDER=$WHO"}) == "type='signal'");
  CHECK(rule({"OBJPATH=/a/*"}) == "type='signal',path_namespace='/a'");
  CHECK(rule({"ARG0=org.x.*"}) == "type='signal',arg0namespace='org.x'");
  CHECK(rule({"ARG0=/a/b"}) == "type='signal',arg0path='/a/b'"); // of a path or a string
  for (const char* value : {"ARG0=5", "ARG0=-0.5", "ARG0=true", "ARG0=as", "ARG64=text"}) {
    CAPTURE(value);
    CHECK(rule({value}) == "type='signal'"); // a rule's argument is a string
  }
}

TEST_CASE("values without a variable stand for the first variables of the event") {
  CHECK(condition({"A", "x.y"}) == condition({"SIGNAL=A", "INTERFACE=x.y"}));
  CHECK(condition({"a", "A"}, {.bus_name = "a"}).constraints == condition({"SIGNAL=A"}).constraints);
}

TEST_CASE("BUS chooses the bus") {
  CHECK(condition({}).bus == Bus::system);
  CHECK(condition({}, {.preset = Bus::session}).bus == Bus::session);
  CHECK(condition({"BUS=session"}).bus == Bus::session);
  CHECK(condition({"BUS=mine"}, {.preset = Bus::session, .bus_name = "mine"}).bus == Bus::session);
  CHECK(condition({"BUS=system"}, {.preset = Bus::session, .bus_name = "mine"}).bus == Bus::system);
}

TEST_CASE("a signal fits a condition as an event does, and one that only the supervisor can expand is let through") {
  CHECK(fits({}));
  CHECK(fits({"SIGNAL=Prepare*", "ARG0=true", "ARG2=7", "OBJPATH!=/x"}));
  CHECK_FALSE(fits({"SIGNAL!=Prepare*"}));
  CHECK_FALSE(fits({"ARG1!=x"})); // no such variable
  CHECK(fits({"ARG0=$WHAT"}));
  CHECK_FALSE(fits({"ARG1=$WHAT"}));
}

TEST_CASE("a well-known name as SENDER is that of whoever has it now") {
  Words by_name{"SENDER=org.freedesktop.login1"};
  CHECK(fits(by_name, {{"org.freedesktop.login1", ":1.7"}}));
  CHECK_FALSE(fits(by_name, {{"org.freedesktop.login1", ":1.8"}}));
  CHECK_FALSE(fits(by_name));
  CHECK(fits({"SENDER=:1.7"}));
  CHECK(condition({"SENDER=org.freedesktop.DBus"}).sender_name().empty()); // the bus itself has no unique name
}

TEST_CASE("a condition that no signal can match is refused, with its variable and what would be right") {
  CHECK(fault({"MEMBER=A"}) == "MEMBER: not a variable of a dbus event; known are BUS, SIGNAL, INTERFACE, OBJPATH, "
                               "SENDER, ARG0, ARG1 and so on");
  CHECK(fault({"ARG01=x"}).starts_with("ARG01: not a variable"));
  CHECK(fault({"SIGNAL=A-B"}) ==
        "SIGNAL: A-B is none that a signal can have; the name of a signal, such as NameOwnerChanged, is needed");
  CHECK(fault({"INTERFACE=x"}).starts_with("INTERFACE: x is none"));
  CHECK(fault({"OBJPATH=a/b"}).starts_with("OBJPATH: a/b is none"));
  CHECK(fault({"SENDER=login1"}).starts_with("SENDER: login1 is none"));
  CHECK(fault({"SIGNAL=A", "SIGNAL=B"}) == "SIGNAL: given twice, with different values");
  CHECK(fault({"DESTINATION=:1.5"}).contains("is not shown to others"));
  CHECK(fault({"SIGNAL=NameAcquired"}).contains("SIGNAL=NameOwnerChanged with ARG0"));
  CHECK(fault({"INTERFACE=com.ubuntu.Upstart0_6"}).contains("Upstart's own signals make no dbus events"));
  CHECK(fault({"BUS=both"}).starts_with("BUS: unknown value both; system or session is needed"));
  CHECK(fault({"BUS=s*"}).starts_with("BUS: one bus is needed"));
  CHECK(fault({"BUS=system"}, {.bus_name = "mine"}) == "BUS: the events of this bus have BUS=mine; write that");
  CHECK(fault({"ARG0=\xff"}) == "ARG0: its value is no UTF-8, as every text of D-Bus is");
}
