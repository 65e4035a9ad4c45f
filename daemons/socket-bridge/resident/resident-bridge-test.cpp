// The real program between stand-ins, with real clients.
#include "daemons/socket-bridge/testing/client.hpp"
#include "daemons/socket-bridge/testing/world.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>
#include <format>

using namespace upstart;
using namespace upstart::bridge;
using namespace upstart::bridge::testing;
using namespace std::chrono_literals;

namespace {

Postfix inet(std::uint16_t port) { return {{"socket", "PROTO=inet", std::format("PORT={}", port), "ADDR=127.0.0.1"}}; }
std::string inet_address(std::uint16_t port) { return std::format("inet:127.0.0.1:{}", port); }
Postfix unix_path(const std::string& path) { return {{"socket", "PROTO=unix", "SOCKET_PATH=" + path}}; }

ino_t inode_of(const std::string& path) {
  struct stat file{};
  REQUIRE(::lstat(path.c_str(), &file) == 0);
  return file.st_ino;
}

} // namespace

TEST_CASE(
    "a client of any kind of socket makes the event, with the listening descriptor, and is answered by who gets it") {
  World world;
  struct Kind {
    std::string condition_key;
    std::string address;
    Strings condition;
    Strings event;
  };
  auto port = std::format("PORT={}", free_port());
  auto path = world.directory / "s";
  auto name = "@" + (world.directory / "a");
  std::vector<Kind> kinds{
      {"inet",
       "inet:127.0.0.1:" + port.substr(5),
       {"PROTO=inet", port, "ADDR=127.0.0.1"},
       {"PROTO=inet", port, "ADDR=127.0.0.1"}},
      {"unix", "unix:" + path, {"PROTO=unix", "PATH=" + path}, {"PROTO=unix", "SOCKET_PATH=" + path, "PATH=" + path}},
      {"abstract",
       "abstract:" + name.substr(1),
       {"PROTO=unix", "SOCKET_PATH=" + name},
       {"PROTO=unix", "SOCKET_PATH=" + name}},
  };
  if (has_ipv6()) {
    auto port6 = std::format("PORT={}", free_port(Family::inet6));
    kinds.push_back({"inet6",
                     "inet6:[::1]:" + port6.substr(5),
                     {"PROTO=inet6", port6, "ADDR=::1"},
                     {"PROTO=inet6", port6, "ADDR=::1"}});
  }
  for (const auto& kind : kinds) {
    Strings match{"socket"};
    match.insert(match.end(), kind.condition.begin(), kind.condition.end());
    world.supervisor.set_job(kind.condition_key, {match});
  }
  world.start();
  std::size_t id = 0;
  for (const auto& kind : kinds) {
    CAPTURE(kind.address);
    auto client = connect_to(kind.address);
    REQUIRE(client);
    world.until_events(++id);
    auto& event = world.broker.event(id);
    CHECK(event.name == "socket");
    CHECK(event.env == kind.event);
    REQUIRE(event.files.size() == 1);
    CHECK(is_blocking(event.files[0].get()));
    say(accept_on(event.files[0].get()), "served");
    CHECK(hear(client) == "served");
  }
}

TEST_CASE("where no address is named the event says so") {
  World world;
  auto port = std::format("PORT={}", free_port());
  world.supervisor.set_job("web", {{"socket", "PROTO=inet", port}});
  world.start();
  auto client = connect_to("inet:127.0.0.1:" + port.substr(5));
  world.until_events(1);
  CHECK(world.broker.event(1).env == Strings{"PROTO=inet", port, "ADDR=0.0.0.0"});
}

TEST_CASE("clients make one event until the job has stopped; then it happens anew") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.start();
  auto first = connect_to(inet_address(port));
  world.until_events(1);
  auto second = connect_to(inet_address(port));
  CHECK(world.state(inet_address(port)) == "starting");
  world.job_runs("web", 1);
  world.until_state(inet_address(port), "handed-over");
  auto third = connect_to(inet_address(port));
  world.until_state(inet_address(port), "handed-over");
  CHECK(world.broker.count() == 1);
  for (int i = 0; i < 3; ++i) CHECK(accept_on(world.broker.event(1).files[0].get()));
  world.supervisor.set_active("web", 0);
  world.until_state(inet_address(port), "listening");
  CHECK(world.broker.count() == 1);
  auto fourth = connect_to(inet_address(port));
  world.until_events(2);
}

TEST_CASE("a socket whose job fails rests between attempts, longer each time") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.start();
  auto client = connect_to(inet_address(port));
  auto began = std::chrono::steady_clock::now();
  for (std::size_t id = 1; id <= 3; ++id) {
    world.until_events(id);
    world.broker.finish(id, true);
    world.until_state(inet_address(port), "resting");
  }
  CHECK(std::chrono::steady_clock::now() - began >= 300ms); // 100 and 200
  world.until_events(4);
}

TEST_CASE("a refused event makes the socket rest") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.broker.refuse(true);
  world.start();
  auto client = connect_to(inet_address(port));
  world.until([&] { return world.broker.refused() == 2; }, "a second attempt");
  world.broker.refuse(false);
  world.until_events(1);
}

TEST_CASE("a bad condition is told with job and variable, and the others are served") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("bad", {{"socket", "PROTO=inet", "PORT=http"}});
  world.supervisor.set_job("good", inet(port));
  world.start();
  CHECK(connect_to(inet_address(port)));
  CHECK(content_of(world.output).contains("socket-bridge: job bad: PORT in its socket condition: http is no port"));
}

TEST_CASE("jobs come, change and go, and so do their sockets, and only theirs") {
  World world;
  auto stays = world.directory / "stays";
  world.supervisor.set_job("stays", unix_path(stays));
  world.start();
  auto inode = inode_of(stays);
  world.supervisor.set_job("other", unix_path(world.directory / "a"));
  world.until([&] { return bool{connect_to("unix:" + (world.directory / "a"))}; }, "a new socket");
  world.supervisor.set_job("other", unix_path(world.directory / "b"));
  world.until([&] { return bool{connect_to("unix:" + (world.directory / "b"))}; }, "a changed socket");
  CHECK_FALSE(std::filesystem::exists(world.directory / "a"));
  world.supervisor.remove_job("other");
  world.until([&] { return world.sockets().size() == 1; }, "one socket less");
  CHECK_FALSE(std::filesystem::exists(world.directory / "b"));
  CHECK(inode_of(stays) == inode);
  CHECK(world.manager.kept().size() == 1);
}

TEST_CASE("two jobs share a socket") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("a", inet(port));
  world.supervisor.set_job("b", inet(port));
  world.start();
  auto sockets = world.sockets();
  REQUIRE(sockets.size() == 1);
  CHECK(sockets[inet_address(port)].first == Strings{"a", "b"});
}

TEST_CASE("sockets and their clients survive the bridge's sudden end") {
  World world;
  auto port = free_port();
  auto path = world.directory / "s";
  world.supervisor.set_job("web", inet(port));
  world.supervisor.set_job("db", unix_path(path));
  world.start();
  CHECK(world.manager.kept().size() == 2);
  auto inode = inode_of(path);
  world.bridge->end(SIGKILL);
  auto client = connect_to(inet_address(port));
  auto db_client = connect_to("unix:" + path);
  REQUIRE(client);
  REQUIRE(db_client);
  world.start();
  world.until_events(2);
  CHECK(inode_of(path) == inode);
  for (std::size_t id : {1, 2}) say(accept_on(world.broker.event(id).files[0].get()), "served");
  CHECK(hear(client) == "served");
  CHECK(hear(db_client) == "served");
}

TEST_CASE("a restarted bridge leaves a socket alone that a job has, and closes one that is no longer wanted") {
  World world;
  auto port = free_port();
  auto path = world.directory / "s";
  world.supervisor.set_job("web", inet(port));
  world.supervisor.set_job("old", unix_path(path));
  world.start();
  CHECK(world.bridge->end(SIGTERM) == 0);
  CHECK(std::filesystem::exists(path));
  world.supervisor.remove_job("old");
  world.supervisor.set_active("web", 1);
  world.start();
  auto client = connect_to(inet_address(port));
  CHECK(world.state(inet_address(port)) == "handed-over");
  CHECK(world.broker.count() == 0);
  CHECK_FALSE(std::filesystem::exists(path));
  world.until([&] { return world.manager.kept().size() == 1; }, "one kept socket");
}

TEST_CASE("whether a socket blocks is the job's own affair while it has it, also when the bridge restarts") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.start();
  auto client = connect_to(inet_address(port));
  world.until_events(1);
  world.job_runs("web", 1);
  int had_by_job = world.broker.event(1).files[0].get();
  for (bool blocking : {true, false}) {
    ::fcntl(had_by_job, F_SETFL, O_RDWR | (blocking ? 0 : O_NONBLOCK));
    world.bridge->end(SIGKILL);
    world.start();
    CHECK(world.state(inet_address(port)) == "handed-over");
    CHECK(is_blocking(had_by_job) == blocking);
  }
  CHECK(accept_on(had_by_job));
  world.supervisor.set_active("web", 0);
  auto next = connect_to(inet_address(port));
  world.until_events(2);
  CHECK(is_blocking(world.broker.event(2).files[0].get()));
}

TEST_CASE("sockets stay while the supervisor is away, and are what it wants when it is back") {
  World world;
  auto stays = free_port();
  auto goes = free_port();
  world.supervisor.set_job("stays", inet(stays));
  world.supervisor.set_job("goes", inet(goes));
  world.start();
  world.supervisor.go();
  auto client = connect_to(inet_address(stays));
  world.until_events(1); // the broker keeps it for the supervisor
  CHECK(connect_to(inet_address(goes)));
  world.supervisor.remove_job("goes");
  world.supervisor.set_active("stays", 1);
  world.supervisor.come();
  world.until([&] { return world.supervisor.times_asked() == 2; }, "the question asked again");
  world.until_state(inet_address(stays), "handed-over");
  CHECK(world.sockets().size() == 1);
}

TEST_CASE("a broker that goes and comes back is asked again about what was on its way") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.start();
  auto client = connect_to(inet_address(port));
  world.until_events(1);
  world.until([&] { return world.broker.event(1).times_waited_for == 1; }, "a wait");
  world.broker.go();
  world.broker.come();
  world.until([&] { return world.broker.event(1).times_waited_for == 2; }, "a second wait");
  CHECK(world.broker.count() == 1);
  world.job_runs("web", 1);
  world.until_state(inet_address(port), "handed-over");
}

TEST_CASE("clients that come while the broker is away wait for it") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.start();
  world.broker.go();
  auto client = connect_to(inet_address(port));
  CHECK(world.state(inet_address(port)) == "listening");
  world.broker.come();
  world.until_events(1);
}

TEST_CASE("a port that somebody else has is told, and served once it is free") {
  World world;
  auto port = free_port();
  auto address = inet_address(port);
  auto other = listen_on(address);
  world.supervisor.set_job("web", inet(port));
  world.supervisor.set_job("db", unix_path(world.directory / "s"));
  world.start();
  CHECK(world.state(address) == "failed: the address is in use by another program");
  CHECK(connect_to("unix:" + (world.directory / "s")));
  CHECK(content_of(world.output)
            .contains("socket-bridge: " + address + " cannot be served: the address is in use by another program"));
  other.reset();
  world.until_state(address, "listening");
}

TEST_CASE("a socket whose file the job removed is opened anew") {
  World world;
  auto path = world.directory / "s";
  world.supervisor.set_job("db", unix_path(path));
  world.start();
  auto client = connect_to("unix:" + path);
  world.until_events(1);
  world.job_runs("db", 1);
  CHECK(accept_on(world.broker.event(1).files[0].get()));
  world.until_state("unix:" + path, "handed-over");
  std::filesystem::remove(path);
  world.supervisor.set_active("db", 0);
  world.until([&] { return bool{connect_to("unix:" + path)}; }, "the path again");
}

TEST_CASE("a socket that the job shut down for all is opened anew") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.start();
  auto client = connect_to(inet_address(port));
  world.until_events(1);
  world.job_runs("web", 1);
  world.until_state(inet_address(port), "handed-over");
  ::shutdown(world.broker.event(1).files[0].get(), SHUT_RDWR);
  world.supervisor.set_active("web", 0);
  world.until([&] { return bool{connect_to(inet_address(port))}; }, "the port again");
}

TEST_CASE("state changes arrive as signals") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.start();
  std::unique_ptr<base::BusConnection> connection;
  auto handshake =
      base::Handshake::to_peer(world.loop, protocol::daemon_address(world.directory.path(), "socket-bridge"),
                               [&](auto outcome) { connection = std::move(*outcome); });
  world.until([&] { return connection != nullptr; }, "a connection");
  Observer observer{connection->sdbus()};
  observer.ask(); // answered: the bridge knows us
  world.until([&] { return observer.sockets.has_value(); }, "an answer");
  auto client = connect_to(inet_address(port));
  world.until_events(1);
  world.job_runs("web", 1);
  world.until([&] { return observer.changes.size() == 2; }, "two signals");
  CHECK(observer.changes == Strings{inet_address(port) + " starting", inet_address(port) + " handed-over"});
}

TEST_CASE("the bridge is on the bus that it is told of, with its name and object") {
  World world;
  auto port = free_port();
  world.supervisor.set_job("web", inet(port));
  world.options = {"--debug", "--bus", world.bus_address()};
  auto bus = world.start_bus();
  auto connection = world.join_bus();
  world.start();
  world.until_on_bus(*connection);
  Observer observer{connection->sdbus(), protocol::bus_name::socket_bridge};
  observer.ask();
  world.until([&] { return observer.sockets.has_value(); }, "ListSockets on the bus");
  CHECK((*observer.sockets)[inet_address(port)].second == "listening");
  auto client = connect_to(inet_address(port));
  world.until([&] { return observer.changes == Strings{inet_address(port) + " starting"}; }, "a signal on the bus");
}

TEST_CASE("the bridge joins the bus that the supervisor names, also later") {
  World world;
  auto bus = world.start_bus();
  auto connection = world.join_bus();
  SUBCASE("when asked first") {
    world.supervisor.set_bus_address(world.bus_address());
    world.start();
  }
  SUBCASE("when it changes") {
    world.start();
    world.supervisor.set_bus_address(world.bus_address());
  }
  world.until_on_bus(*connection);
}

TEST_CASE("a bus that appears later is joined at SIGUSR1, and one that is restarted is joined again") {
  World world;
  world.options = {"--debug", "--bus", world.bus_address()};
  world.start();
  world.until([&] { return content_of(world.output).contains("no connection to the bus"); }, "a message");
  for (int i = 0; i < 2; ++i) {
    auto bus = world.start_bus();
    auto connection = world.join_bus();
    if (i == 0) world.bridge->signal(SIGUSR1);
    world.until_on_bus(*connection);
  }
}

TEST_CASE("SIGTERM ends the bridge with status 0, and without a manager no file is left behind") {
  World world;
  world.managed = false;
  world.supervisor.set_job("db", unix_path(world.directory / "s"));
  world.start();
  world.until([&] { return bool{connect_to("unix:" + (world.directory / "s"))}; }, "the socket");
  CHECK(world.bridge->end(SIGTERM) == 0);
  CHECK_FALSE(std::filesystem::exists(world.directory / "s"));
  CHECK_FALSE(std::filesystem::exists(world.directory / "socket-bridge.sock"));
}

TEST_CASE("a wrong command line is told") {
  TemporaryDirectory directory;
  auto run = [&](Strings arguments) {
    arguments.insert(arguments.begin(), SOCKET_BRIDGE);
    return Process{{.command = arguments, .environment = {}, .descriptors = {}, .output = directory / "output"}}.wait();
  };
  CHECK(run({"--help"}) == 0);
  CHECK(run({"--version"}) == 0);
  CHECK(content_of(directory / "output").contains("upstart-socket-bridge (upstart "));
  CHECK(run({}) != 0);
  CHECK(run({"--run-directory", directory / "no", "--frobnicate"}) != 0);
  CHECK(run({"--run-directory", directory / "no"}) == 1);
  CHECK(
      content_of(directory / "output").contains("socket-bridge: unable to listen at unix:path=" + (directory / "no")));
}
