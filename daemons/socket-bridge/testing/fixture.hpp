// The real socket bridge among stand-ins of its neighbours, and what its object shows.
#pragma once

#include "daemons/bridge/testing/fixture.hpp"
#include "generated/SocketBridge1-proxy-stub.hpp"

#include <sys/stat.h>

#include <format>

namespace upstart::socket_bridge::testing {

using namespace upstart::bridge::testing;

// Conditions, and the address that one stands for.
inline bridge::Expression inet(std::uint16_t port) {
  return {{"socket", "PROTO=inet", std::format("PORT={}", port), "ADDR=127.0.0.1"}};
}
inline std::string inet_address(std::uint16_t port) { return std::format("inet:127.0.0.1:{}", port); }
inline bridge::Expression unix_path(const std::string& path) {
  return {{"socket", "PROTO=unix", "SOCKET_PATH=" + path}};
}

// Of the file itself, whose path may be a link.
inline ino_t inode_of(const std::string& path) {
  struct stat file{};
  REQUIRE(::lstat(path.c_str(), &file) == 0);
  return file.st_ino;
}

// What SocketBridge1 shows, followed over a connection.
class Observer : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::SocketBridge1_proxy_stub> {
public:
  explicit Observer(sdbus::IConnection& connection, const std::string& name = "")
      : ProxyInterfaces(connection, sdbus::ServiceName{name}, sdbus::ObjectPath{protocol::path::socket_bridge}) {
    registerProxy();
  }
  ~Observer() { unregisterProxy(); }

  // Address and state, in the order of signals.
  std::vector<std::string> changes;
  std::optional<std::map<std::string, std::pair<Strings, std::string>>> sockets;

  void ask() {
    sockets.reset();
    getProxy()
        .callMethodAsync("ListSockets")
        .onInterface(INTERFACE_NAME)
        .uponReplyInvoke([this](std::optional<sdbus::Error> error,
                                const std::vector<sdbus::Struct<std::string, Strings, std::string>>& list) {
          if (error) return;
          sockets.emplace();
          for (const auto& socket : list) (*sockets)[socket.get<0>()] = {socket.get<1>(), socket.get<2>()};
        });
  }

private:
  void onSocketChanged(const std::string& address, const std::string& state) override {
    changes.push_back(address + " " + state);
  }
};

struct SocketBridgeFixture : Fixture {
  SocketBridgeFixture() : Fixture{SOCKET_BRIDGE, protocol::socket_name::bridge} {}

  // The states of all sockets, asked for now.
  std::map<std::string, std::pair<Strings, std::string>> sockets() {
    auto connection = connect();
    Observer observer{connection->sdbus()};
    observer.ask();
    until([&] { return observer.sockets.has_value(); }, "ListSockets");
    return *observer.sockets;
  }
  std::string state(const std::string& address) { return sockets()[address].second; }
  void until_state(const std::string& address, const std::string& beginning) {
    until([&] { return state(address).starts_with(beginning); }, (address + " " + beginning).c_str());
  }

  // The job takes the socket of event `id`, as far as the bridge can see: it is active well before the event finishes.
  // The two are told on two connections; that the bridge has answered in between keeps them in order.
  void job_runs(const std::string& job, std::size_t id) {
    supervisor.set_active(job, 1);
    sockets();
    broker.finish(id, false);
  }
};

} // namespace upstart::socket_bridge::testing
