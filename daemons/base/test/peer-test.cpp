#include "daemons/base/peer.hpp"
#include "generated/SocketBridge1-proxy-stub.hpp"
#include "generated/SocketBridge1-stub.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <thread>

using namespace upstart::base;
namespace path = upstart::protocol::path;

namespace {

class Bridge : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::SocketBridge1_stub> {
public:
  explicit Bridge(sdbus::IConnection& connection)
      : AdaptorInterfaces(connection, sdbus::ObjectPath{path::socket_bridge}) {
    registerAdaptor();
  }
  ~Bridge() { unregisterAdaptor(); }

private:
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> ListSockets() override {
    return {{"unix:/x", {"job"}, "listening"}};
  }
  std::string version() override { return "1"; }
};

class BridgeProxy : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::SocketBridge1_proxy_stub> {
public:
  explicit BridgeProxy(sdbus::IConnection& connection)
      : ProxyInterfaces(connection, sdbus::ServiceName{""}, sdbus::ObjectPath{path::socket_bridge}) {
    registerProxy();
  }
  ~BridgeProxy() { unregisterProxy(); }
};

// A Ping as it stands on the wire, serial number 1, to "/".
std::string ping_on_the_wire() {
  auto text = [](std::string_view value) {
    return std::string{static_cast<char>(value.size()), 0, 0, 0}.append(value).append(1, '\0');
  };
  auto field = [&](char code, char type, std::string_view value) {
    return std::string{code, 1, type, 0}.append(text(value));
  };
  auto padded = [](std::string bytes) { return bytes.append((8 - bytes.size() % 8) % 8, '\0'); };
  std::string fields =
      padded(field(1, 'o', "/")) + padded(field(2, 's', "org.freedesktop.DBus.Peer")) + field(3, 's', "Ping");
  std::string head{'l', 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, static_cast<char>(fields.size()), 0, 0, 0};
  return padded(head + fields);
}

FileDescriptor connected_to(const std::string& abstract) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  abstract.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  FileDescriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + abstract.size());
  REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  return fd;
}

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
  REQUIRE(::connect(silent.get(), reinterpret_cast<sockaddr*>(&address),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())) == 0);
  std::unique_ptr<BusConnection> connection;
  auto handshake = Handshake::to_peer(loop, test_address(), [&](auto outcome) {
    REQUIRE(outcome);
    connection = std::move(*outcome);
  });
  loop.run();
  CHECK(served);
}

TEST_CASE(
    "a process that begins many handshakes and ends none does not cost another process the one that it has begun") {
  EventLoop loop;
  auto listening = listen_at(test_address());
  REQUIRE(listening);
  int served = 0;
  PeerServer server{loop, std::move(*listening), [&](auto) { ++served; }};
  auto address = test_address().substr(std::string{"unix:abstract="}.size());
  auto ours = connected_to(address);
  std::string_view first{"\0AUTH EXT", 9}, rest{"ERNAL\r\nDATA\r\nBEGIN\r\n"};
  REQUIRE(::write(ours.get(), first.data(), first.size()) == static_cast<ssize_t>(first.size()));
  loop.run_once(false);
  std::array<int, 2> all_begun{};
  REQUIRE(::pipe2(all_begun.data(), O_CLOEXEC) == 0);
  pid_t flood = ::fork();
  if (flood == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      for (int i = 0; i < 200; ++i) {
        int handshake = connected_to(address).release();
        (void)!::write(handshake, first.data(), first.size());
      }
      (void)!::write(all_begun[1], "", 1);
      ::pause();
    } catch (...) {}
    ::_exit(1);
  }
  REQUIRE(flood > 0);
  ::close(all_begun[1]);
  bool begun = false;
  FdWatcher watcher{loop, all_begun[0], [&](unsigned) { begun = true; }};
  watcher.watch(FdWatcher::readable);
  while (!begun) loop.run_once();
  watcher.watch(0);
  REQUIRE(::write(ours.get(), rest.data(), rest.size()) == static_cast<ssize_t>(rest.size()));
  Timer expired{loop, [&] { served = -1; }};
  expired.start(std::chrono::seconds{10});
  while (served == 0) loop.run_once();
  CHECK(served == 1);
  ::kill(flood, SIGKILL);
  ::waitpid(flood, nullptr, 0);
  ::close(all_begun[0]);
}

TEST_CASE("who hangs up before a word takes no place, and a greeting may come byte by byte") {
  EventLoop loop;
  auto listening = listen_at(test_address());
  REQUIRE(listening);
  bool served = false;
  PeerServer server{loop, std::move(*listening), [&](auto) { served = true; }};
  auto address = test_address().substr(std::string{"unix:abstract="}.size());
  auto ours = connected_to(address);
  std::string_view greeting{"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 29};
  REQUIRE(::write(ours.get(), greeting.data(), 1) == 1);
  for (int i = 0; i < 300; ++i) {
    connected_to(address).reset();
    loop.run_once(false);
  }
  for (char byte : greeting.substr(1)) {
    REQUIRE(::write(ours.get(), &byte, 1) == 1);
    loop.run_once(false);
  }
  Timer expired{loop, [&] { loop.stop(); }};
  expired.start(std::chrono::seconds{10});
  while (!served && expired.active()) loop.run_once();
  CHECK(served);
}

TEST_CASE("a message that comes in one piece with the handshake is answered") {
  EventLoop loop;
  auto listening = listen_at(test_address());
  REQUIRE(listening);
  std::unique_ptr<BusConnection> served;
  PeerServer server{loop, std::move(*listening), [&](auto client) {
                      served = std::move(client);
                      served->on_disconnected([&] {
                        served.reset();
                        loop.stop();
                      });
                    }};
  std::string answer;
  std::thread client{[&] {
    auto fd = connected_to(test_address().substr(std::string{"unix:abstract="}.size()));
    std::string uid = std::to_string(::getuid()), hex;
    for (char digit : uid) hex += std::string{"3"} + digit;
    std::string all = std::string(1, '\0') + "AUTH EXTERNAL " + hex + "\r\nBEGIN\r\n" + ping_on_the_wire();
    CHECK(::write(fd.get(), all.data(), all.size()) == static_cast<ssize_t>(all.size()));
    timeval bound{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    char buffer[512];
    ssize_t got = 0;
    while (answer.find("l\2") == std::string::npos && (got = ::read(fd.get(), buffer, sizeof buffer)) > 0)
      answer.append(buffer, static_cast<std::size_t>(got));
  }};
  loop.run();
  client.join();
  CHECK(answer.contains("OK "));
  CHECK(answer.contains("l\2")); // a method return
}

TEST_CASE("where descriptors run out a client is dropped, that is told once, and later ones are served") {
  EventLoop loop;
  auto listening = listen_at(test_address());
  REQUIRE(listening);
  std::unique_ptr<BusConnection> served;
  int told = 0;
  auto on_client = [&](auto client) {
    served = std::move(client);
    loop.stop();
  };
  auto warn = [&](const std::string&) {
    ++told;
    loop.stop();
  };
  PeerServer server{loop, std::move(*listening), on_client, {}, warn};
  auto name = test_address().substr(std::string{"unix:abstract="}.size());
  auto shake_hands = [&] {
    std::string uid = std::to_string(::getuid()), hex;
    for (char digit : uid) hex += std::string{"3"} + digit;
    std::string all = std::string(1, '\0') + "AUTH EXTERNAL " + hex + "\r\nBEGIN\r\n";
    auto fd = connected_to(name);
    CHECK(::write(fd.get(), all.data(), all.size()) == static_cast<ssize_t>(all.size()));
    return fd;
  };
  auto first = shake_hands();
  FileDescriptor next{::dup(first.get())}; // the number of the one that will be accepted
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit one_more{.rlim_cur = static_cast<rlim_t>(next.get()) + 1, .rlim_max = before.rlim_max};
  next.reset();
  ::setrlimit(RLIMIT_NOFILE, &one_more);
  loop.run();
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(told == 1);
  CHECK_FALSE(served);
  auto later = shake_hands();
  loop.run();
  CHECK(served);
  CHECK(told == 1);
}

TEST_CASE("connecting where nobody listens says why") {
  EventLoop loop;
  std::string why;
  auto handshake = Handshake::to_peer(loop, "unix:abstract=/upstart-peer-test/nobody", [&](auto outcome) {
    REQUIRE_FALSE(outcome);
    why = outcome.error();
    loop.stop();
  });
  loop.run();
  CHECK(why == "Connection refused");
}
