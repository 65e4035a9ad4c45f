#include "daemons/base/reconnecting-connection.hpp"

#include "daemons/base/peer.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace upstart::base;
using namespace std::chrono_literals;

namespace {

std::string abstract_address(const char* name) {
  return "unix:abstract=/upstart-reconnecting-test/" + std::to_string(::getpid()) + "/" + name;
}

// The other end: serves whoever comes, and can hang up on all.
class OtherEnd {
public:
  OtherEnd(EventLoop& loop, const std::string& address) : loop_{loop}, address_{address} { listen(); }
  void hang_up() { clients_.clear(); }
  [[nodiscard]] bool has_client() const { return !clients_.empty(); }
  void listen() {
    auto listening = listen_at(address_);
    REQUIRE(listening);
    server_ = std::make_unique<PeerServer>(loop_, std::move(*listening),
                                           [this](auto client) { clients_.push_back(std::move(client)); });
  }

private:
  EventLoop& loop_;
  std::string address_;
  std::vector<std::unique_ptr<BusConnection>> clients_;
  std::unique_ptr<PeerServer> server_;
};

struct Scenario {
  explicit Scenario(ReconnectingConnection::Settings settings)
      : connection{loop,
                   std::move(settings),
                   {.connected = [this](auto& now) { hear(now.is_peer() ? "connected" : "connected to a bus"); },
                    .lost = [this] { hear("lost"); }}} {}

  void hear(std::string what) {
    heard.push_back(std::move(what));
    loop.stop();
  }
  void await(std::size_t count) {
    bool in_time = true;
    Timer limit{loop, [&] { in_time = false; }};
    limit.start(10s);
    while (in_time && heard.size() < count) loop.run_once();
    REQUIRE(in_time);
  }
  // Nothing more is heard meanwhile.
  void run_for(std::chrono::milliseconds time) {
    bool over = false;
    Timer timer{loop, [&] { over = true; }};
    timer.start(time);
    while (!over) loop.run_once();
  }

  EventLoop loop;
  std::vector<std::string> heard;
  ReconnectingConnection connection;
};

using Heard = std::vector<std::string>;

ReconnectingConnection::Settings peer(PauseRange pauses) { return {.other_end = "other end", .pauses = pauses}; }

} // namespace

TEST_CASE("a connection whose other end is not there yet is made when it comes, and again after a loss") {
  Scenario scenario{peer({1ms, 5ms})};
  auto address = abstract_address("late");
  scenario.connection.connect_to(address);
  CHECK(scenario.connection.connection() == nullptr);
  scenario.run_for(20ms);
  CHECK(scenario.heard.empty());
  OtherEnd other{scenario.loop, address};
  scenario.await(1);
  CHECK(scenario.connection.connection() != nullptr);
  while (!other.has_client()) scenario.loop.run_once();
  other.hang_up();
  scenario.await(3);
  CHECK(scenario.heard == Heard{"connected", "lost", "connected"});
}

TEST_CASE("connect_now does not wait for the end of the pause") {
  Scenario scenario{peer({1h, 1h})};
  auto address = abstract_address("now");
  scenario.connection.connect_now(); // nothing: it has no address
  scenario.connection.connect_to(address);
  scenario.run_for(5ms);
  OtherEnd other{scenario.loop, address};
  scenario.run_for(5ms);
  CHECK(scenario.heard.empty());
  scenario.connection.connect_now();
  scenario.await(1);
  scenario.connection.connect_now(); // nothing: it is connected
  scenario.run_for(5ms);
  CHECK(scenario.heard == Heard{"connected"});
}

TEST_CASE("another address replaces one that has failed; a connection that is there stays") {
  Scenario scenario{peer({1h, 1h})};
  scenario.connection.connect_to(abstract_address("nobody"));
  scenario.run_for(5ms);
  OtherEnd other{scenario.loop, abstract_address("somebody")};
  scenario.connection.connect_to(abstract_address("somebody"));
  scenario.await(1);
  auto* made = scenario.connection.connection();
  scenario.connection.connect_to(abstract_address("nobody"));
  scenario.run_for(5ms);
  CHECK(scenario.connection.connection() == made);
  CHECK(scenario.connection.address() == abstract_address("somebody"));
}

TEST_CASE("after disconnect nothing is told and nothing is tried") {
  Scenario scenario{peer({1ms, 1ms})};
  auto address = abstract_address("left");
  OtherEnd other{scenario.loop, address};
  scenario.connection.connect_to(address);
  scenario.await(1);
  scenario.connection.disconnect();
  scenario.run_for(10ms);
  CHECK(scenario.connection.connection() == nullptr);
  CHECK(scenario.heard == Heard{"connected"});
  scenario.connection.connect_to(address);
  scenario.await(2);
}

TEST_CASE("where the path is watched the connection is made as soon as it appears") {
  std::string directory = "/tmp/reconnecting-test-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  auto address = "unix:path=" + directory + "/socket";
  auto settings = peer({1h, 1h});
  settings.watch_path = true;
  Scenario scenario{settings};
  scenario.connection.connect_to(address);
  scenario.run_for(5ms);
  OtherEnd other{scenario.loop, address};
  scenario.await(1);
  CHECK(scenario.heard == Heard{"connected"});
  std::filesystem::remove_all(directory);
}

TEST_CASE("a pause grows from the first to the longest, and begins anew after a success") {
  GrowingPause pause{{100ms, 350ms}};
  CHECK(pause.next() == 100ms);
  CHECK(pause.next() == 200ms);
  CHECK(pause.coming() == 350ms);
  CHECK(pause.next() == 350ms);
  CHECK(pause.next() == 350ms);
  pause.reset();
  CHECK(pause.next() == 100ms);
}
