// The real program between stand-ins, with real clients.
#include "daemons/socket-bridge/testing/client.hpp"
#include "daemons/socket-bridge/testing/fixture.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <format>

using namespace upstart;
using namespace upstart::socket_bridge;
using namespace upstart::socket_bridge::testing;
using upstart::bridge::Expression;
using namespace std::chrono_literals;

TEST_CASE(
    "a client of any kind of socket makes the event, with the listening descriptor, and is answered by who gets it") {
  SocketBridgeFixture test;
  struct Kind {
    std::string condition_key;
    std::string address;
    Strings condition;
    Strings event;
  };
  auto port = std::format("PORT={}", free_port());
  auto path = test.directory / "s";
  auto name = "@" + (test.directory / "a");
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
    test.supervisor.set_job(kind.condition_key, {match});
  }
  test.start();
  std::size_t id = 0;
  for (const auto& kind : kinds) {
    CAPTURE(kind.address);
    auto client = connect_to(kind.address);
    REQUIRE(client);
    test.until_events(++id);
    auto& event = test.broker.event(id);
    CHECK(event.name == "socket");
    CHECK(event.env == kind.event);
    REQUIRE(event.files.size() == 1);
    CHECK(is_blocking(event.files[0].get()));
    send_text(accept_on(event.files[0].get()), "served");
    CHECK(receive_text(client) == "served");
  }
}

TEST_CASE("where no address is named the event says so") {
  SocketBridgeFixture test;
  auto port = std::format("PORT={}", free_port());
  test.supervisor.set_job("web", {{"socket", "PROTO=inet", port}});
  test.start();
  auto client = connect_to("inet:127.0.0.1:" + port.substr(5));
  test.until_events(1);
  CHECK(test.broker.event(1).env == Strings{"PROTO=inet", port, "ADDR=0.0.0.0"});
}

TEST_CASE("clients make one event until the job has stopped; then it happens anew") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("web", inet(port));
  test.start();
  auto first = connect_to(inet_address(port));
  test.until_events(1);
  auto second = connect_to(inet_address(port));
  CHECK(test.state(inet_address(port)) == "starting");
  test.job_runs("web", 1);
  test.until_state(inet_address(port), "handed-over");
  auto third = connect_to(inet_address(port));
  test.until_state(inet_address(port), "handed-over");
  CHECK(test.broker.count() == 1);
  for (int i = 0; i < 3; ++i) CHECK(accept_on(test.broker.event(1).files[0].get()));
  test.supervisor.set_active("web", 0);
  test.until_state(inet_address(port), "listening");
  CHECK(test.broker.count() == 1);
  auto fourth = connect_to(inet_address(port));
  test.until_events(2);
}

TEST_CASE("a socket whose job fails rests between attempts, longer each time") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("web", inet(port));
  test.start();
  auto client = connect_to(inet_address(port));
  auto began = std::chrono::steady_clock::now();
  for (std::size_t id = 1; id <= 3; ++id) {
    test.until_events(id);
    test.broker.finish(id, true);
    test.until_state(inet_address(port), "resting");
  }
  CHECK(std::chrono::steady_clock::now() - began >= 300ms); // 100 and 200
  test.until_events(4);
}

TEST_CASE("a refused event makes the socket rest") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("web", inet(port));
  test.broker.refuse(true);
  test.start();
  auto client = connect_to(inet_address(port));
  test.until([&] { return test.broker.refused() == 2; }, "a second attempt");
  test.broker.refuse(false);
  test.until_events(1);
}

TEST_CASE("a bad condition is warned of with job and variable, and the others are served") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("bad", {{"socket", "PROTO=inet", "PORT=http"}});
  test.supervisor.set_job("good", inet(port));
  test.start();
  CHECK(connect_to(inet_address(port)));
  test.until(
      [&] {
        return content_of(test.output).contains("warning: job bad: PORT in its socket condition: http is no port");
      },
      "its word");
}

TEST_CASE("jobs come, change and go, and so do their sockets, and only theirs") {
  SocketBridgeFixture test;
  auto stays = test.directory / "stays";
  test.supervisor.set_job("stays", unix_path(stays));
  test.start();
  auto inode = inode_of(stays);
  test.supervisor.set_job("other", unix_path(test.directory / "a"));
  test.until([&] { return bool{connect_to("unix:" + (test.directory / "a"))}; }, "a new socket");
  test.supervisor.set_job("other", unix_path(test.directory / "b"));
  test.until([&] { return bool{connect_to("unix:" + (test.directory / "b"))}; }, "a changed socket");
  CHECK_FALSE(std::filesystem::exists(test.directory / "a"));
  test.supervisor.remove_job("other");
  test.until([&] { return test.sockets().size() == 1; }, "one socket less");
  CHECK_FALSE(std::filesystem::exists(test.directory / "b"));
  CHECK(inode_of(stays) == inode);
  CHECK(test.manager.kept().size() == 1);
}

TEST_CASE("two jobs share a socket") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("a", inet(port));
  test.supervisor.set_job("b", inet(port));
  test.start();
  auto sockets = test.sockets();
  REQUIRE(sockets.size() == 1);
  CHECK(sockets[inet_address(port)].first == Strings{"a", "b"});
}

TEST_CASE("two jobs that lead to one path by different ways share a socket, and each gets the event in its own words") {
  SocketBridgeFixture test;
  std::filesystem::create_directory_symlink(".", test.directory / "link");
  auto path = test.directory / "s";
  test.supervisor.set_job("a", unix_path(path));
  test.supervisor.set_job("b", unix_path(test.directory / "link/s"));
  test.start();
  CHECK(test.sockets() == decltype(test.sockets()){{"unix:" + path, {Strings{"a", "b"}, "listening"}}});
  auto client = connect_to("unix:" + path);
  test.until_events(2);
  CHECK(test.broker.event(1).env == Strings{"PROTO=unix", "SOCKET_PATH=" + path});
  CHECK(test.broker.event(2).env == Strings{"PROTO=unix", "SOCKET_PATH=" + (test.directory / "link/s")});
  CHECK(test.supervisor.offers("b").at(0).event == test.broker.event(2).env);
  test.broker.finish(1, false);
  CHECK(test.state("unix:" + path) == "starting");
  test.job_runs("b", 2);
  test.until_state("unix:" + path, "handed-over");
  CHECK(test.broker.count() == 2);
}

TEST_CASE("a socket that another one of the bridge leaves no place for is told with that one's job") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("one", inet(port));
  test.supervisor.set_job("two", {{"socket", "PROTO=inet", std::format("PORT={}", port)}});
  test.start();
  auto all = std::format("inet:0.0.0.0:{}", port);
  auto sockets = test.sockets();
  CHECK(sockets[all].second == "listening");
  CHECK(sockets[inet_address(port)].second == "failed: " + all + " of job two has the same address or part of it");
}

TEST_CASE("a daemon that listens at the path of a job gets no connection from the bridge") {
  SocketBridgeFixture test;
  auto path = test.directory / "s";
  auto other = listen_on("unix:" + path);
  ::fcntl(other.get(), F_SETFL, O_RDWR | O_NONBLOCK);
  test.supervisor.set_job("db", unix_path(path));
  test.supervisor.set_job("web", unix_path(test.directory / "w"));
  test.start();
  test.until_state("unix:" + path, "failed: another program (socket_bridge_t, process");
  auto later = connect_to("unix:" + (test.directory / "w"));
  test.until_events(1);
  CHECK_FALSE(accept_on(other.get()));
}

TEST_CASE("sockets and their clients survive the bridge's sudden end") {
  SocketBridgeFixture test;
  auto port = free_port();
  auto path = test.directory / "s";
  test.supervisor.set_job("web", inet(port));
  test.supervisor.set_job("db", unix_path(path));
  test.start();
  CHECK(test.manager.kept().size() == 2);
  auto inode = inode_of(path);
  test.bridge->end(SIGKILL);
  auto client = connect_to(inet_address(port));
  auto db_client = connect_to("unix:" + path);
  REQUIRE(client);
  REQUIRE(db_client);
  test.start();
  test.until_events(2);
  CHECK(inode_of(path) == inode);
  for (std::size_t id : {1, 2}) send_text(accept_on(test.broker.event(id).files[0].get()), "served");
  CHECK(receive_text(client) == "served");
  CHECK(receive_text(db_client) == "served");
}

TEST_CASE("a restarted bridge leaves a socket alone that a job has, and closes one that is no longer wanted") {
  SocketBridgeFixture test;
  auto port = free_port();
  auto path = test.directory / "s";
  test.supervisor.set_job("web", inet(port));
  test.supervisor.set_job("old", unix_path(path));
  test.start();
  CHECK(test.bridge->end(SIGTERM) == 0);
  CHECK(std::filesystem::exists(path));
  test.supervisor.remove_job("old");
  test.supervisor.set_active("web", 1);
  test.start();
  auto client = connect_to(inet_address(port));
  CHECK(test.state(inet_address(port)) == "handed-over");
  CHECK(test.broker.count() == 0);
  CHECK_FALSE(std::filesystem::exists(path));
  test.until([&] { return test.manager.kept().size() == 1; }, "one kept socket");
}

TEST_CASE("whether a socket blocks is the job's own affair while it has it, also when the bridge restarts") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("web", inet(port));
  test.start();
  auto client = connect_to(inet_address(port));
  test.until_events(1);
  test.job_runs("web", 1);
  int had_by_job = test.broker.event(1).files[0].get();
  for (bool blocking : {true, false}) {
    ::fcntl(had_by_job, F_SETFL, O_RDWR | (blocking ? 0 : O_NONBLOCK));
    test.bridge->end(SIGKILL);
    test.start();
    CHECK(test.state(inet_address(port)) == "handed-over");
    CHECK(is_blocking(had_by_job) == blocking);
  }
  CHECK(accept_on(had_by_job));
  test.supervisor.set_active("web", 0);
  auto next = connect_to(inet_address(port));
  test.until_events(2);
  CHECK(is_blocking(test.broker.event(2).files[0].get()));
}

TEST_CASE(
    "a datagram socket that a job has connected to its client is for all clients again when the job has stopped") {
  SocketBridgeFixture test;
  auto path = test.directory / "d";
  test.supervisor.set_job("tftp", {{"socket", "PROTO=unix", "SOCKET_PATH=" + path, "TYPE=dgram"}});
  test.start();
  auto first = listen_on("unix-dgram:" + path + ".client");
  auto to_service = connect_to("unix-dgram:" + path);
  send_text(to_service, "one");
  test.until_events(1);
  test.job_runs("tftp", 1);
  int service = test.broker.event(1).files[0].get();
  CHECK(receive_text(base::FileDescriptor{::dup(service)}) == "one");
  sockaddr_un client{.sun_family = AF_UNIX, .sun_path = {}};
  (path + ".client").copy(client.sun_path, sizeof client.sun_path - 1);
  REQUIRE(::connect(service, reinterpret_cast<const sockaddr*>(&client), sizeof client) == 0);
  test.supervisor.set_active("tftp", 0);
  test.until_state("unix-dgram:" + path, "listening");
  send_text(connect_to("unix-dgram:" + path), "two");
  test.until_events(2);
}

TEST_CASE("sockets stay while the supervisor is away, and are what it wants when it is back") {
  SocketBridgeFixture test;
  auto stays = free_port();
  auto goes = free_port();
  test.supervisor.set_job("stays", inet(stays));
  test.supervisor.set_job("goes", inet(goes));
  test.start();
  test.supervisor.stop();
  auto client = connect_to(inet_address(stays));
  test.until_events(1); // the broker keeps it for the supervisor
  CHECK(connect_to(inet_address(goes)));
  test.supervisor.remove_job("goes");
  test.supervisor.set_active("stays", 1);
  test.supervisor.start();
  test.until([&] { return test.supervisor.times_asked() == 2; }, "the question asked again");
  test.until_state(inet_address(stays), "handed-over");
  CHECK(test.sockets().size() == 1);
}

TEST_CASE("a broker that goes and comes back is asked again about what was on its way") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("web", inet(port));
  test.start();
  auto client = connect_to(inet_address(port));
  test.until_events(1);
  test.until([&] { return test.broker.event(1).times_waited_for == 1; }, "a wait");
  test.broker.stop();
  test.broker.start();
  test.until([&] { return test.broker.event(1).times_waited_for == 2; }, "a second wait");
  CHECK(test.broker.count() == 1);
  test.job_runs("web", 1);
  test.until_state(inet_address(port), "handed-over");
}

TEST_CASE("clients that come while the broker is away wait for it") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("web", inet(port));
  test.start();
  test.broker.stop();
  auto client = connect_to(inet_address(port));
  test.until_state(inet_address(port), "listening");
  test.broker.start();
  test.until_events(1);
}

TEST_CASE("a port that somebody else has is an error in the log, and served once it is free") {
  SocketBridgeFixture test;
  auto port = free_port();
  auto address = inet_address(port);
  auto other = listen_on(address);
  test.supervisor.set_job("web", inet(port));
  test.supervisor.set_job("db", unix_path(test.directory / "s"));
  test.start();
  auto why = std::format("the address is in use by another program (socket_bridge_t, process {})", ::getpid());
  CHECK(test.state(address) == "failed: " + why);
  CHECK(connect_to("unix:" + (test.directory / "s")));
  CHECK(content_of(test.output).contains("error: " + address + " cannot be served: " + why));
  other.reset();
  test.until_state(address, "listening");
}

TEST_CASE("a job is offered all of its sockets before any client comes, in its order, and again when the supervisor is "
          "back") {
  SocketBridgeFixture test;
  auto port = free_port();
  auto path = test.directory / "s";
  Expression both{{"socket", "PROTO=unix", "SOCKET_PATH=" + path}, inet(port).front(), {"/OR"}};
  test.supervisor.set_job("pair", both);
  test.start();
  auto offered = [&] {
    Strings names;
    for (const auto& offer : test.supervisor.offers("pair")) names.push_back(offer.name);
    return names == Strings{"s", std::to_string(port)};
  };
  test.until(offered, "two sockets offered");
  auto client = connect_to("unix:" + path);
  send_text(accept_on(test.supervisor.offers("pair")[0].file.get()), "served");
  CHECK(receive_text(client) == "served");
  test.supervisor.stop();
  test.supervisor.set_job("pair", {});
  test.supervisor.set_job("pair", both);
  auto before = test.supervisor.offers("pair")[0].identity;
  test.supervisor.forget_offers();
  test.supervisor.start();
  test.until(offered, "two sockets offered again");
  CHECK(test.supervisor.offers("pair")[0].identity == before);
}

TEST_CASE("of a job's two sockets each makes an event until an instance has it") {
  SocketBridgeFixture test;
  auto one = free_port();
  auto other = free_port();
  test.supervisor.set_job("pair", {inet(one).front(), inet(other).front(), {"/OR"}});
  test.start();
  auto client = connect_to(inet_address(one));
  test.until_events(1);
  test.supervisor.set_held("pair", 0, true);
  test.until_state(inet_address(one), "handed-over");
  test.broker.finish(1, false);
  CHECK(test.state(inet_address(other)) == "listening");
  auto second = connect_to(inet_address(other));
  test.until_events(2);
}

TEST_CASE("every socket is shown with what its next client brings about, who has it, or why it is not open") {
  SocketBridgeFixture test;
  auto port = free_port(), taken = free_port();
  auto other = listen_on(inet_address(taken));
  test.supervisor.set_job("bad", inet(taken));
  test.supervisor.set_job("web", inet(port));
  test.start();
  auto states = [&] {
    auto connection = test.connect();
    auto bridge = sdbus::createProxy(connection->sdbus(), sdbus::ServiceName{""},
                                     sdbus::ObjectPath{protocol::path::socket_bridge});
    std::map<std::string, std::string> told;
    bool answered = false;
    bridge->callMethodAsync("ListWatches")
        .onInterface("com.ubuntu.Upstart.Bridge1")
        .uponReplyInvoke([&](std::optional<sdbus::Error>,
                             const std::vector<sdbus::Struct<std::string, std::string, uint64_t, Strings>>& watches) {
          for (const auto& watch : watches) told[watch.get<3>().at(0)] = watch.get<0>() + " " + watch.get<1>();
          answered = true;
        });
    test.until([&] { return answered; }, "ListWatches");
    return told;
  };
  auto socket = "socket " + inet_address(port) + " ";
  CHECK(states()["web"] == socket + "the next client starts job web, and a start by hand brings the socket too; open");
  CHECK(states()["bad"].starts_with("socket " + inet_address(taken) + " tried again and again: the address is in use"));
  test.supervisor.set_active("web", 1);
  test.until_state(inet_address(port), "handed-over");
  CHECK(states()["web"] ==
        socket + "handed over to job web: when it has stopped, the next client starts job web again; open");
}

TEST_CASE("state changes arrive as signals") {
  SocketBridgeFixture test;
  auto port = free_port();
  test.supervisor.set_job("web", inet(port));
  test.start();
  auto connection = test.connect();
  Observer observer{connection->sdbus()};
  observer.ask(); // answered: the bridge knows us
  test.until([&] { return observer.sockets.has_value(); }, "an answer");
  auto client = connect_to(inet_address(port));
  test.until_events(1);
  test.job_runs("web", 1);
  test.until([&] { return observer.changes.size() == 2; }, "two signals");
  CHECK(observer.changes == Strings{inet_address(port) + " starting", inet_address(port) + " handed-over"});
}
