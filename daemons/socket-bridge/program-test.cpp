// The program as such: its bus, signals, options and background.
#include "daemons/socket-bridge/testing/client.hpp"
#include "daemons/socket-bridge/testing/fixture.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace upstart;
using namespace upstart::socket_bridge;
using namespace upstart::socket_bridge::testing;
using namespace std::chrono_literals;

TEST_CASE("the bridge is on the bus that it is given, with its name and object") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("web", inet(port));
  test.options = {"--debug", "--bus", test.bus_address()};
  auto bus = test.start_bus();
  auto connection = test.join_bus();
  test.start();
  test.until_on_bus(*connection);
  Observer observer{connection->sdbus(), protocol::bus_name::socket_bridge};
  observer.ask();
  test.until([&] { return observer.sockets.has_value(); }, "ListSockets on the bus");
  CHECK((*observer.sockets)[inet_address(port)].second == "listening");
  auto client = connect_to(inet_address(port));
  // That it listens may be told, too, where the observer was there before.
  test.until([&] { return std::ranges::contains(observer.changes, inet_address(port) + " starting"); },
             "a signal on the bus");
}

TEST_CASE("the bridge joins the bus that the supervisor names, also later") {
  SocketBridgeFixture test;
  auto bus = test.start_bus();
  auto connection = test.join_bus();
  SUBCASE("when asked first") {
    test.supervisor.set_bus_address(test.bus_address());
    test.start();
  }
  SUBCASE("when it changes") {
    test.start();
    test.supervisor.set_bus_address(test.bus_address());
  }
  test.until_on_bus(*connection);
}

TEST_CASE("a bus that appears later is joined at SIGUSR1, and one that is restarted is joined again") {
  SocketBridgeFixture test;
  test.options = {"--debug", "--bus", test.bus_address()};
  test.start();
  test.until([&] { return content_of(test.output).contains("no connection to the bus"); }, "a message");
  for (int i = 0; i < 2; ++i) {
    auto bus = test.start_bus();
    auto connection = test.join_bus();
    if (i == 0) test.bridge->signal(SIGUSR1);
    test.until_on_bus(*connection);
  }
}

TEST_CASE("SIGTERM ends the bridge with status 0, and without a manager no file is left behind") {
  SocketBridgeFixture test;
  test.managed = false;
  test.supervisor.set_job("db", unix_path(test.directory / "s"));
  test.start();
  test.until([&] { return bool{connect_to("unix:" + (test.directory / "s"))}; }, "the socket");
  CHECK(test.bridge->end(SIGTERM) == 0);
  CHECK_FALSE(std::filesystem::exists(test.directory / "s"));
  CHECK_FALSE(std::filesystem::exists(test.directory / "socket-bridge.sock"));
}

TEST_CASE("a wrong command line is refused") {
  SocketBridgeFixture test;
  CHECK(test.run({"--help"}) == 0);
  CHECK(test.run({"--version"}) == 0);
  CHECK(content_of(test.output).contains("upstart-socket-bridge (upstart "));
  CHECK(test.run({}) != 0);
  CHECK(test.run({"--run-directory", test.directory / "no", "--frobnicate"}) != 0);
  CHECK(test.run({"--run-directory", test.directory / "no"}) == 1);
  CHECK(content_of(test.output).contains("error: unable to listen at unix:path=" + (test.directory / "no")));
}

TEST_CASE("--fork forks once and --daemon twice, and the foreground process ends when the bridge is ready") {
  // What outlives its parent is this process's child then, and counted as it ends.
  REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  for (const auto& [option, forks] : {std::pair{"--fork", 1}, std::pair{"--daemon", 2}}) {
    CAPTURE(option);
    SocketBridgeFixture test;
    auto foreground = Process{{.command = {test.program, "--run-directory", test.directory.path(), option},
                               .environment = {},
                               .descriptors = {},
                               .output = test.output}};
    test.until([&] { return std::filesystem::exists(test.directory / "socket-bridge.lock"); }, "a bridge");
    siginfo_t ended{};
    test.until([&] { return ::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0; },
               "ready");
    CHECK(foreground.wait() == 0);
    auto bridge = connect_to("unix:" + protocol::daemon_address(test.directory.path(), test.name).substr(10));
    ucred credentials{};
    socklen_t size = sizeof credentials;
    REQUIRE(::getsockopt(bridge.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0);
    REQUIRE(credentials.pid > 1);
    CHECK(::kill(credentials.pid, SIGTERM) == 0);
    int children = 0;
    while (::waitpid(-1, nullptr, 0) > 0) ++children;
    CHECK(children == forks);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}
