#include "generated/SocketBridge1-adaptor.hpp"
#include "generated/SocketBridge1-proxy.hpp"
#include "protocol/names.hpp"
#include "protocol/peer.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <thread>

using namespace upstart::protocol;

namespace {

class Bridge : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::SocketBridge1_adaptor> {
public:
  explicit Bridge(sdbus::IConnection& connection) : AdaptorInterfaces(connection, sdbus::ObjectPath{path::socket_bridge}) {
    registerAdaptor();
  }
  ~Bridge() { unregisterAdaptor(); }

private:
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> ListSockets() override {
    return {{"unix:/x", {"job"}, "listening"}};
  }
  std::string version() override { return "1"; }
};

class BridgeProxy : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::SocketBridge1_proxy> {
public:
  explicit BridgeProxy(sdbus::IConnection& connection)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{path::socket_bridge}) {
    registerProxy();
  }
  ~BridgeProxy() { unregisterProxy(); }

private:
  void onSocketChanged(const std::string&, const std::string&) override {}
};

std::string test_address() { return "unix:abstract=/upstart-peer-test/" + std::to_string(::getpid()); }

} // namespace

TEST_CASE("a client calls a method over a peer connection, and its disconnect is noticed") {
  EventLoop loop;
  auto listening = listen_at(test_address());
  REQUIRE(listening);
  std::unique_ptr<BusConnection> served;
  std::unique_ptr<Bridge> bridge;
  bool gone = false;
  PeerServer server{loop, std::move(*listening), [&](auto client) {
                      served = std::move(client);
                      bridge = std::make_unique<Bridge>(served->sdbus());
                      served->on_disconnected([&] {
                        gone = true;
                        bridge.reset();
                        served.reset();
                        loop.stop();
                      });
                      CHECK(served->is_peer());
                    }};
  std::size_t sockets = 0;
  std::thread client{[&] {
    auto connection = sdbus::createDirectBusConnection(test_address());
    sockets = BridgeProxy{*connection}.ListSockets().size();
  }};
  loop.run();
  client.join();
  CHECK(sockets == 1);
  CHECK(gone);
}

TEST_CASE("a client that says nothing does not hold up the next one") {
  EventLoop loop;
  auto listening = listen_at(test_address());
  REQUIRE(listening);
  bool served = false;
  PeerServer server{loop, std::move(*listening), [&](auto) {
                      served = true;
                      loop.stop();
                    }};
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::string name = test_address().substr(std::string{"unix:abstract="}.size());
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  FileDescriptor silent{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  REQUIRE(::connect(silent.get(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())) == 0);
  std::unique_ptr<BusConnection> connection;
  auto greeting = Greeting::to_peer(loop, test_address(), [&](auto outcome) {
    REQUIRE(outcome);
    connection = std::move(*outcome);
  });
  loop.run();
  CHECK(served);
}

TEST_CASE("connecting where nobody listens says why") {
  EventLoop loop;
  std::string why;
  auto greeting = Greeting::to_peer(loop, "unix:abstract=/upstart-peer-test/nobody", [&](auto outcome) {
    REQUIRE_FALSE(outcome);
    why = outcome.error();
    loop.stop();
  });
  loop.run();
  CHECK(why == "Connection refused");
}
