#include "daemons/socket-bridge/core/socket-table.hpp"

#include <doctest/doctest.h>

using namespace upstart::socket_bridge;
using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

namespace {

constexpr Time now = 1h;

SocketAddress at(const char* text) { return *address_of_text(text); }

const SocketAddress web = at("inet:0.0.0.0:80");
const Postfix web_condition{{"socket", "PROTO=inet", "PORT=80"}};
const Postfix unix_condition{{"socket", "PROTO=unix", "SOCKET_PATH=/x"}};

std::string line(const OpenSocket& it) { return "open " + text_of(it.address); }
std::string line(const CloseSocket& it) { return "close " + text_of(it.address); }
std::string line(const SetPermissions& it) { return "permissions " + text_of(it.address); }
std::string line(const WatchSocket& it) { return (it.on ? "watch " : "unwatch ") + text_of(it.address); }
std::string line(const EmitEvent& it) { return "emit " + text_of(it.address) + " ticket " + std::to_string(it.ticket); }
std::string line(const AwaitEvent& it) {
  return "await " + std::to_string(it.id) + " ticket " + std::to_string(it.ticket);
}
std::string line(const Announce& it) { return text_of(it.address) + " is " + it.state; }
std::string line(const Warn&) { return "warning"; }

Lines lines(const Actions& actions) {
  Lines result;
  for (const auto& action : actions) result.push_back(std::visit([](const auto& it) { return line(it); }, action));
  return result;
}

// One job `web` that wants port 80, its socket open and watched.
SocketTable table_with_web() {
  SocketTable table;
  table.broker_ready();
  table.conditions_known({{"web", web_condition, {}, 0}}, now);
  table.opened(web);
  return table;
}

} // namespace

TEST_CASE("what jobs want is opened, and watched when it is open and the broker is there") {
  SocketTable table;
  CHECK(lines(table.conditions_known({{"web", web_condition, {}, 0}}, now)) == Lines{"open inet:0.0.0.0:80"});
  CHECK(lines(table.opened(web)) == Lines{"inet:0.0.0.0:80 is listening"});
  CHECK(lines(table.broker_ready()) == Lines{"watch inet:0.0.0.0:80"});
  CHECK(lines(table.broker_gone(now)) == Lines{"unwatch inet:0.0.0.0:80"});
}

TEST_CASE("a client makes one event, and the socket is not watched until the job has stopped again") {
  auto table = table_with_web();
  auto actions = table.client_came(web, {}, now);
  CHECK(lines(actions) ==
        Lines{"emit inet:0.0.0.0:80 ticket 1", "unwatch inet:0.0.0.0:80", "inet:0.0.0.0:80 is starting"});
  CHECK(std::get<EmitEvent>(actions[0]).env.strings() == Lines{"PROTO=inet", "PORT=80", "ADDR=0.0.0.0"});
  CHECK(table.client_came(web, {}, now).empty());
  CHECK(lines(table.event_accepted(1, 77)) == Lines{"await 77 ticket 1"});
  CHECK(lines(table.activity_changed("web", 1, now)) == Lines{"inet:0.0.0.0:80 is handed-over"});
  CHECK(table.event_finished(1, false, now).empty());
  CHECK(lines(table.activity_changed("web", 0, now + 1h)) ==
        Lines{"watch inet:0.0.0.0:80", "inet:0.0.0.0:80 is listening"});
  CHECK(lines(table.client_came(web, {}, now + 1h))[0] == "emit inet:0.0.0.0:80 ticket 2");
}

TEST_CASE("a failed event makes the socket rest, and time ends that") {
  auto table = table_with_web();
  table.client_came(web, {}, now);
  CHECK(lines(table.event_finished(1, true, now)) == Lines{"watch inet:0.0.0.0:80", "inet:0.0.0.0:80 is listening"});
  CHECK(lines(table.client_came(web, {}, now)) == Lines{"unwatch inet:0.0.0.0:80", "inet:0.0.0.0:80 is resting"});
  REQUIRE(table.due() == now + 100ms);
  CHECK(lines(table.time_reached(now + 100ms)) == Lines{"watch inet:0.0.0.0:80", "inet:0.0.0.0:80 is listening"});
  CHECK_FALSE(table.due());
}

TEST_CASE("edited conditions close what is no longer wanted, before anything is opened, and only that") {
  auto table = table_with_web();
  table.conditions_changed("other", unix_condition, {});
  CHECK(lines(table.conditions_settled(now)) == Lines{"open unix:/x"});
  table.opened(at("unix:/x"));
  table.conditions_changed("web", {{"socket", "PROTO=inet", "PORT=80", "ADDR=127.0.0.1"}}, {});
  CHECK(lines(table.conditions_settled(now)) == Lines{"close inet:0.0.0.0:80", "open inet:127.0.0.1:80"});
  table.conditions_changed("other", {}, {});
  CHECK(lines(table.conditions_settled(now)) == Lines{"close unix:/x"});
}

TEST_CASE("a changed mode keeps the socket") {
  SocketTable table;
  table.conditions_known({{"job", unix_condition, {}, 0}}, now);
  table.opened(at("unix:/x"));
  table.conditions_changed("job", {{"socket", "PROTO=unix", "SOCKET_PATH=/x", "MODE=0600"}}, {});
  CHECK(lines(table.conditions_settled(now)) == Lines{"permissions unix:/x"});
}

TEST_CASE("two jobs share a socket: it is free only when neither is active") {
  SocketTable table;
  table.broker_ready();
  table.conditions_known({{"a", web_condition, {}, 0}, {"b", web_condition, {}, 1}}, now);
  CHECK(lines(table.opened(web)) == Lines{"inet:0.0.0.0:80 is handed-over"});
  CHECK(table.activity_changed("a", 1, now).empty());
  CHECK(table.activity_changed("b", 0, now).empty());
  CHECK(lines(table.activity_changed("a", 0, now))[0] == "watch inet:0.0.0.0:80");
  CHECK(table.report()[0].jobs == Lines{"a", "b"});
}

TEST_CASE("a job that a socket stops does not hold it") {
  SocketTable table;
  table.broker_ready();
  table.conditions_known({{"splash", {}, web_condition, 1}}, now);
  CHECK(lines(table.opened(web))[0] == "watch inet:0.0.0.0:80");
}

TEST_CASE("inherited sockets stay open and unwatched until the conditions are known, then only the wanted ones") {
  SocketTable table;
  table.adopt({web, at("unix:/old")});
  CHECK(table.broker_ready().empty());
  CHECK(lines(table.conditions_known({{"web", web_condition, {}, 0}}, now)) ==
        Lines{"close unix:/old", "watch inet:0.0.0.0:80", "inet:0.0.0.0:80 is listening"});
}

TEST_CASE("an event with an id is asked for again when the broker is back; one without counts as failed") {
  auto table = table_with_web();
  table.conditions_changed("other", unix_condition, {});
  table.conditions_settled(now);
  table.opened(at("unix:/x"));
  table.client_came(web, {}, now);
  table.client_came(at("unix:/x"), {}, now);
  table.event_accepted(1, 5);
  CHECK(lines(table.broker_gone(now)) == Lines{"unix:/x is listening"});
  CHECK(lines(table.broker_ready()) == Lines{"await 5 ticket 1", "watch unix:/x"});
  CHECK(table.event_finished(2, false, now).empty()); // forgotten
}

TEST_CASE("an event that has finished is not asked for again") {
  auto table = table_with_web();
  table.client_came(web, {}, now);
  table.event_accepted(1, 5);
  table.event_finished(1, false, now);
  table.broker_gone(now);
  CHECK(lines(table.broker_ready()) == Lines{"watch inet:0.0.0.0:80"});
}

TEST_CASE("the answer to an event of a socket that was closed meanwhile is nobody's") {
  auto table = table_with_web();
  table.client_came(web, {}, now);
  table.conditions_changed("web", {}, {});
  table.conditions_settled(now);
  CHECK(table.event_accepted(1, 9).empty());
  CHECK(table.event_finished(1, true, now).empty());
}

TEST_CASE("a socket that could not be opened is opened again later") {
  SocketTable table;
  table.broker_ready();
  table.conditions_known({{"web", web_condition, {}, 0}}, now);
  CHECK(lines(table.could_not_be_opened(web, "in use", now)) == Lines{"inet:0.0.0.0:80 is failed: in use"});
  CHECK(table.time_reached(now + 50ms).empty());
  CHECK(lines(table.time_reached(now + 100ms)) == Lines{"open inet:0.0.0.0:80"});
  CHECK(lines(table.opened(web)) == Lines{"watch inet:0.0.0.0:80", "inet:0.0.0.0:80 is listening"});
}

TEST_CASE("a socket that no longer listens is opened anew") {
  auto table = table_with_web();
  CHECK(lines(table.lost(web)) == Lines{"unwatch inet:0.0.0.0:80", "open inet:0.0.0.0:80"});
  CHECK(lines(table.opened(web)) == Lines{"watch inet:0.0.0.0:80"});
}

TEST_CASE("a bad condition is warned of once, as long as it stays") {
  SocketTable table;
  const Postfix bad{{"socket", "PROTO=inet", "PORT=0"}};
  CHECK(lines(table.conditions_known({{"job", bad, {}, 0}}, now)) == Lines{"warning"});
  table.conditions_changed("other", unix_condition, {});
  CHECK(lines(table.conditions_settled(now)) == Lines{"open unix:/x"});
  table.conditions_changed("job", {}, {});
  CHECK(table.conditions_settled(now).empty());
  table.conditions_changed("job", bad, {});
  CHECK(lines(table.conditions_settled(now)) == Lines{"warning"});
}

TEST_CASE("a supervisor that is back tells everything anew") {
  auto table = table_with_web();
  table.client_came(web, {}, now);
  table.activity_changed("web", 1, now);
  table.event_finished(1, false, now);
  CHECK(lines(table.conditions_known({{"web", web_condition, {}, 0}}, now + 5s)) ==
        Lines{"watch inet:0.0.0.0:80", "inet:0.0.0.0:80 is listening"});
}
