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

// What the supervisor says of a job: the socket that it starts or stops at, or that it names none.
ConditionsUpdate starts(const char* job, Lines condition) {
  return {.changed = {{job, {{event_name, std::move(condition), true}}}}, .gone = {}, .activity = {}};
}
ConditionsUpdate stops(const char* job, Lines condition) {
  return {.changed = {{job, {{event_name, std::move(condition), false}}}}, .gone = {}, .activity = {}};
}
ConditionsUpdate names_none(const char* job) { return {.changed = {}, .gone = {job}, .activity = {}}; }
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
std::string line(const OfferToJob& it) {
  std::string text = "offer " + it.job + ":";
  for (const auto& socket : it.sockets) text += " " + text_of(socket.address) + " as " + socket.name;
  return text;
}
std::string line(const CheckSocket& it) { return (it.is_held ? "check held " : "check ") + text_of(it.address); }
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
  table.opened(web, now);
  std::ignore = table.offers();
  table.offers_answered("web", {}, now);
  return table;
}

} // namespace

TEST_CASE("what jobs want is opened, and watched when it is open and the broker is there") {
  SocketTable table;
  CHECK(lines(table.jobs_changed(starts("web", web_condition), now)) == Lines{"open inet:0.0.0.0:80"});
  CHECK(lines(table.opened(web, now)) == Lines{"inet:0.0.0.0:80 is listening"});
  CHECK(lines(table.offers()) == Lines{"offer web: inet:0.0.0.0:80 as 80"});
  CHECK(table.broker_ready().empty()); // it is not known yet whether an instance has it
  CHECK(lines(table.offers_answered("web", {}, now)) == Lines{"watch inet:0.0.0.0:80"});
  CHECK(lines(table.broker_gone()) == Lines{"unwatch inet:0.0.0.0:80"});
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
  CHECK(lines(table.socket_held("web", web, true, now)) == Lines{"inet:0.0.0.0:80 is handed-over"});
  CHECK(table.event_finished(1, false, now).empty());
  CHECK(lines(table.socket_held("web", web, false, now + 1h)) ==
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
  table.opened(at("unix:/x"), now);
  CHECK(lines(table.jobs_changed(starts("web", {"PROTO=inet", "PORT=80", "ADDR=127.0.0.1"}), now)) ==
        Lines{"close inet:0.0.0.0:80", "open inet:127.0.0.1:80"});
  CHECK(lines(table.jobs_changed(names_none("other"), now)) == Lines{"close unix:/x"});
}

TEST_CASE("a changed mode keeps the socket") {
  SocketTable table;
  table.jobs_changed(starts("job", unix_condition), now);
  table.opened(at("unix:/x"), now);
  CHECK(lines(table.jobs_changed(starts("job", {"PROTO=unix", "SOCKET_PATH=/x", "MODE=0600"}), now)) ==
        Lines{"permissions unix:/x"});
}

TEST_CASE("two jobs share a socket: it is free only when neither has it") {
  SocketTable table;
  table.broker_ready();
  table.jobs_changed(together(starts("a", web_condition), starts("b", web_condition)), now);
  table.opened(web, now);
  CHECK(lines(table.offers()) == Lines{"offer a: inet:0.0.0.0:80 as 80", "offer b: inet:0.0.0.0:80 as 80"});
  CHECK(table.offers_answered("a", {}, now).empty());
  CHECK(lines(table.offers_answered("b", {web}, now)) == Lines{"inet:0.0.0.0:80 is handed-over"});
  CHECK(table.socket_held("a", web, true, now).empty());
  CHECK(table.socket_held("b", web, false, now).empty());
  CHECK(lines(table.socket_held("a", web, false, now))[0] == "watch inet:0.0.0.0:80");
  CHECK(table.report()[0].jobs == Lines{"a", "b"});
}

TEST_CASE("a job that a socket stops is not offered it") {
  SocketTable table;
  table.broker_ready();
  table.jobs_changed(stops("splash", web_condition), now);
  CHECK(lines(table.opened(web, now))[0] == "watch inet:0.0.0.0:80");
  CHECK(table.offers().empty());
  CHECK(table.socket_held("splash", web, true, now).empty());
}

TEST_CASE("of two sockets of one job each is watched until an instance has it") {
  SocketTable table;
  table.broker_ready();
  const auto other = at("unix:/x");
  table.jobs_changed({.changed = {{"pair", {{event_name, unix_condition, true}, {event_name, web_condition, true}}}},
                      .gone = {},
                      .activity = {}},
                     now);
  table.opened(web, now);
  table.opened(other, now);
  CHECK(lines(table.offers()) == Lines{"offer pair: unix:/x as x inet:0.0.0.0:80 as 80"}); // in the job's order
  table.offers_answered("pair", {}, now);
  CHECK(lines(table.socket_held("pair", web, true, now)) ==
        Lines{"unwatch inet:0.0.0.0:80", "inet:0.0.0.0:80 is handed-over"});
  CHECK(lines(table.client_came(other, {}, now))[0] == "emit unix:/x ticket 1");
}

TEST_CASE("what a job wants no longer is withdrawn, once") {
  auto table = table_with_web();
  table.jobs_changed(names_none("web"), now);
  CHECK(lines(table.offers()) == Lines{"offer web:"});
  table.jobs_changed(names_none("web"), now);
  CHECK(table.offers().empty());
}

TEST_CASE("a file that is gone is looked after at once, or a little later where a job has the socket") {
  SocketTable table;
  const auto file = at("unix:/x");
  table.broker_ready();
  table.jobs_changed(starts("job", unix_condition), now);
  table.opened(file, now);
  table.offers_answered("job", {}, now);
  CHECK(lines(table.file_gone(file, now)) == Lines{"check unix:/x"});
  table.socket_held("job", file, true, now);
  CHECK(table.file_gone(file, now).empty());
  CHECK(table.due() == now + 1s);
  CHECK(lines(table.time_reached(now + 1s)) == Lines{"check held unix:/x"});
  CHECK_FALSE(table.due());
}

TEST_CASE("a socket that was opened again is new to the job that runs: it does not have it") {
  auto table = table_with_web();
  table.socket_held("web", web, true, now);
  CHECK(lines(table.lost(web)) == Lines{"open inet:0.0.0.0:80"});
  table.opened(web, now);
  CHECK(lines(table.offers()) == Lines{"offer web: inet:0.0.0.0:80 as 80"});
  CHECK(lines(table.offers_answered("web", {}, now)) == Lines{"watch inet:0.0.0.0:80"});
}

TEST_CASE("inherited sockets stay open and unwatched until the conditions are known, then only the wanted ones") {
  SocketTable table;
  table.adopt({web, at("unix:/old")}, now);
  CHECK(table.broker_ready().empty());
  CHECK(lines(table.jobs_changed(starts("web", web_condition), now)) ==
        Lines{"close unix:/old", "inet:0.0.0.0:80 is listening"});
  CHECK(lines(table.offers()) == Lines{"offer web: inet:0.0.0.0:80 as 80"});
  CHECK(lines(table.offers_answered("web", {}, now)) == Lines{"watch inet:0.0.0.0:80"});
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
  CHECK(lines(table.opened(web, now)) == Lines{"inet:0.0.0.0:80 is listening"});
  CHECK(lines(table.offers_answered("web", {}, now)) == Lines{"watch inet:0.0.0.0:80"});
}

TEST_CASE("a socket that no longer listens is opened anew") {
  auto table = table_with_web();
  CHECK(lines(table.lost(web)) == Lines{"unwatch inet:0.0.0.0:80", "open inet:0.0.0.0:80"});
  CHECK(table.opened(web, now).empty());
  CHECK(lines(table.offers_answered("web", {}, now)) == Lines{"watch inet:0.0.0.0:80"});
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
  table.socket_held("web", web, true, now);
  table.event_finished(1, false, now);
  CHECK(lines(table.jobs_changed(starts("web", unix_condition), now + 5s)) ==
        Lines{"close inet:0.0.0.0:80", "open unix:/x"});
}
