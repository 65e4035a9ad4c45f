#include "daemons/socket-bridge/core/socket-table.hpp"

#include <doctest/doctest.h>

using namespace upstart::socket_bridge;
using upstart::bridge::ConditionsUpdate;
using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

namespace {

constexpr Time now = 1h;

SocketAddress at(const char* text) { return *address_of_text(text); }

const SocketAddress web = at("inet:0.0.0.0:80");
const Lines web_condition{"PROTO=inet", "PORT=80"};
const Lines unix_condition{"PROTO=unix", "SOCKET_PATH=/x"};

// What the supervisor says of a job: the socket that it starts or stops at, or that it names none; how many instances
// are active.
ConditionsUpdate starts(const char* job, Lines condition, unsigned active = 0) {
  return {.changed = {{job, {{event_name, std::move(condition), true}}}}, .gone = {}, .activity = {{job, active}}};
}
ConditionsUpdate stops(const char* job, Lines condition, unsigned active = 0) {
  return {.changed = {{job, {{event_name, std::move(condition), false}}}}, .gone = {}, .activity = {{job, active}}};
}
ConditionsUpdate names_none(const char* job) { return {.changed = {}, .gone = {job}, .activity = {}}; }
ConditionsUpdate is_active(const char* job, unsigned active) {
  return {.changed = {}, .gone = {}, .activity = {{job, active}}};
}
// All of it in one update.
ConditionsUpdate together(ConditionsUpdate update, const ConditionsUpdate& more) {
  update.changed.insert(update.changed.end(), more.changed.begin(), more.changed.end());
  update.gone.insert(update.gone.end(), more.gone.begin(), more.gone.end());
  update.activity.insert(update.activity.end(), more.activity.begin(), more.activity.end());
  return update;
}

std::string line(const OpenSocket& it) { return "open " + text_of(it.address); }
std::string line(const CloseSocket& it) { return "close " + text_of(it.address); }
std::string line(const SetPermissions& it) { return "permissions " + text_of(it.address); }
std::string line(const WatchSocket& it) { return (it.on ? "watch " : "unwatch ") + text_of(it.address); }
std::string line(const EmitEvent& it) { return "emit " + text_of(it.address) + " ticket " + std::to_string(it.ticket); }
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
  table.jobs_changed(starts("web", web_condition), now);
  table.opened(web);
  return table;
}

} // namespace

TEST_CASE("what jobs want is opened, and watched when it is open and the broker is there") {
  SocketTable table;
  CHECK(lines(table.jobs_changed(starts("web", web_condition), now)) == Lines{"open inet:0.0.0.0:80"});
  CHECK(lines(table.opened(web)) == Lines{"inet:0.0.0.0:80 is listening"});
  CHECK(lines(table.broker_ready()) == Lines{"watch inet:0.0.0.0:80"});
  CHECK(lines(table.broker_gone()) == Lines{"unwatch inet:0.0.0.0:80"});
}

TEST_CASE("a client makes one event, and the socket is not watched until the job has stopped again") {
  auto table = table_with_web();
  auto actions = table.client_came(web, {}, now);
  CHECK(lines(actions) ==
        Lines{"emit inet:0.0.0.0:80 ticket 1", "unwatch inet:0.0.0.0:80", "inet:0.0.0.0:80 is starting"});
  CHECK(std::get<EmitEvent>(actions[0]).environment.strings() == Lines{"PROTO=inet", "PORT=80", "ADDR=0.0.0.0"});
  CHECK(table.client_came(web, {}, now).empty());
  CHECK(lines(table.jobs_changed(is_active("web", 1), now)) == Lines{"inet:0.0.0.0:80 is handed-over"});
  CHECK(table.event_finished(1, false, now).empty());
  CHECK(lines(table.jobs_changed(is_active("web", 0), now + 1h)) ==
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
  CHECK(lines(table.jobs_changed(starts("other", unix_condition), now)) == Lines{"open unix:/x"});
  table.opened(at("unix:/x"));
  CHECK(lines(table.jobs_changed(starts("web", {"PROTO=inet", "PORT=80", "ADDR=127.0.0.1"}), now)) ==
        Lines{"close inet:0.0.0.0:80", "open inet:127.0.0.1:80"});
  CHECK(lines(table.jobs_changed(names_none("other"), now)) == Lines{"close unix:/x"});
}

TEST_CASE("a changed mode keeps the socket") {
  SocketTable table;
  table.jobs_changed(starts("job", unix_condition), now);
  table.opened(at("unix:/x"));
  CHECK(lines(table.jobs_changed(starts("job", {"PROTO=unix", "SOCKET_PATH=/x", "MODE=0600"}), now)) ==
        Lines{"permissions unix:/x"});
}

TEST_CASE("two jobs share a socket: it is free only when neither is active") {
  SocketTable table;
  table.broker_ready();
  table.jobs_changed(together(starts("a", web_condition), starts("b", web_condition, 1)), now);
  CHECK(lines(table.opened(web)) == Lines{"inet:0.0.0.0:80 is handed-over"});
  CHECK(table.jobs_changed(is_active("a", 1), now).empty());
  CHECK(table.jobs_changed(is_active("b", 0), now).empty());
  CHECK(lines(table.jobs_changed(is_active("a", 0), now))[0] == "watch inet:0.0.0.0:80");
  CHECK(table.report()[0].jobs == Lines{"a", "b"});
}

TEST_CASE("a job that a socket stops does not hold it") {
  SocketTable table;
  table.broker_ready();
  table.jobs_changed(stops("splash", web_condition, 1), now);
  CHECK(lines(table.opened(web))[0] == "watch inet:0.0.0.0:80");
}

TEST_CASE("inherited sockets stay open and unwatched until the conditions are known, then only the wanted ones") {
  SocketTable table;
  table.adopt({web, at("unix:/old")});
  CHECK(table.broker_ready().empty());
  CHECK(lines(table.jobs_changed(starts("web", web_condition), now)) ==
        Lines{"close unix:/old", "watch inet:0.0.0.0:80", "inet:0.0.0.0:80 is listening"});
}

TEST_CASE("an event that is on its way when the broker goes stays so until it has finished") {
  auto table = table_with_web();
  table.client_came(web, {}, now);
  CHECK(table.broker_gone().empty());
  CHECK(table.broker_ready().empty());
  CHECK(lines(table.event_finished(1, true, now)) == Lines{"watch inet:0.0.0.0:80", "inet:0.0.0.0:80 is listening"});
}

TEST_CASE("the answer to an event of a socket that was closed meanwhile is nobody's") {
  auto table = table_with_web();
  table.client_came(web, {}, now);
  table.jobs_changed(names_none("web"), now);
  CHECK(table.event_finished(1, true, now).empty());
}

TEST_CASE("a socket that could not be opened is opened again later") {
  SocketTable table;
  table.broker_ready();
  table.jobs_changed(starts("web", web_condition), now);
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
  const Lines bad{"PROTO=inet", "PORT=0"};
  CHECK(lines(table.jobs_changed(starts("job", bad), now)) == Lines{"warning"});
  CHECK(lines(table.jobs_changed(starts("other", unix_condition), now)) == Lines{"open unix:/x"});
  CHECK(table.jobs_changed(names_none("job"), now).empty());
  CHECK(lines(table.jobs_changed(starts("job", bad), now)) == Lines{"warning"});
}

TEST_CASE("a job that has stopped and is edited in one update is served at its new socket only") {
  auto table = table_with_web();
  table.client_came(web, {}, now);
  table.jobs_changed(is_active("web", 1), now);
  table.event_finished(1, false, now);
  CHECK(lines(table.jobs_changed(starts("web", unix_condition), now + 5s)) ==
        Lines{"close inet:0.0.0.0:80", "open unix:/x"});
}
