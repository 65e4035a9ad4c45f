// The real program between stand-ins, with real clients.
#include "daemons/bridge/testing/fixture.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <format>

using namespace upstart;
using namespace upstart::bridge;
using namespace upstart::bridge::testing;

namespace {

struct LocalBridgeFixture : Fixture {
  LocalBridgeFixture() : Fixture{LOCAL_BRIDGE, "local-bridge"} { use(directory / "s"); }

  std::string path;

  void use(const std::string& where) {
    path = where;
    options = {"--debug", "--event", "told", "--path", path};
  }
  base::FileDescriptor client() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (path.front() == '@') address.sun_path[0] = '\0';
    base::FileDescriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    return fd;
  }
  static void write(const base::FileDescriptor& to, const std::string& text) {
    REQUIRE(::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  // Whether the bridge has hung up on the client.
  static bool hung_up(const base::FileDescriptor& client) {
    char byte = 0;
    return ::recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
  [[nodiscard]] bool logged(const std::string& text) const { return content_of(output).contains(text); }
};

} // namespace

TEST_CASE("each line that a client writes is an event, which says who wrote it and where") {
  LocalBridgeFixture test;
  test.start();
  auto client = test.client();
  test.write(client, "A=1\nB=two words\n");
  test.until_events(2);
  CHECK(test.broker.event(1).name == "told");
  CHECK(test.broker.event(1).env ==
        Strings{"SOCKET_TYPE=unix", "SOCKET_VARIANT=named", std::format("CLIENT_UID={}", ::getuid()),
                std::format("CLIENT_GID={}", ::getgid()), std::format("CLIENT_PID={}", ::getpid()),
                "SOCKET_PATH=" + test.path, "A=1"});
  CHECK(test.broker.event(2).env.back() == "B=two words");
}

TEST_CASE("many clients write at a time, and one of them that goes leaves its last line") {
  LocalBridgeFixture test;
  test.start();
  std::vector<base::FileDescriptor> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(test.client());
  for (auto& client : clients) test.write(client, "A=");
  for (auto& client : clients) test.write(client, "1");
  clients.clear();
  test.until_events(20);
  CHECK(test.broker.event(20).env.back() == "A=1");
}

TEST_CASE("an abstract socket is called by @ and its name") {
  LocalBridgeFixture test;
  test.use("@" + (test.directory / "abstract"));
  test.start();
  test.write(test.client(), "A=1\n");
  test.until_events(1);
  CHECK(test.broker.event(1).env[1] == "SOCKET_VARIANT=abstract");
  CHECK(test.broker.event(1).env[5] == "SOCKET_PATH=" + test.path);
}

TEST_CASE("a malformed line is told and skipped, and the next one is an event") {
  LocalBridgeFixture test;
  test.start();
  auto client = test.client();
  test.write(client, "nothing\nA=1\n");
  test.until_events(1);
  CHECK(test.broker.event(1).env.back() == "A=1");
  CHECK(test.logged(
      std::format("a line of process {} of user {} is skipped: nothing: it has no `='", ::getpid(), ::getuid())));
}

TEST_CASE("a line that is too long is skipped, and its client goes on") {
  LocalBridgeFixture test;
  test.start();
  auto client = test.client();
  for (int i = 0; i < 20; ++i) test.write(client, std::string(10'000, 'x'));
  test.write(client, "\nA=1\n");
  test.until_events(1);
  CHECK(test.logged("it is longer than 65536 bytes"));
}

TEST_CASE("what clients write while the broker is away waits in their connections") {
  LocalBridgeFixture test;
  test.start();
  auto client = test.client();
  test.write(client, "A=1\n");
  test.until_events(1);
  test.broker.stop();
  test.write(client, "A=2\n");
  auto late = test.client();
  test.write(late, "A=3\n");
  late.reset();
  test.broker.start();
  test.until_events(3);
}

#ifdef UPSTART_FAULT_POINTS
TEST_CASE(
    "a line that was read is an event, once, although the bridge is killed before the broker has it, or just then") {
  for (const char* step : {"bridge-written:2", "journal.written:2"}) {
    CAPTURE(step);
    LocalBridgeFixture test;
    test.environment = {{"UPSTART_FAULT", step}, {"UPSTART_FAULT_ONCE", test.directory / "died"}};
    test.start();
    auto client = test.client();
    test.write(client, "A=1\n");
    CHECK(test.bridge->wait() == 128 + SIGKILL);
    test.start();
    test.until_events(1);
    auto again = test.client();
    test.write(again, "A=2\n");
    test.until_events(2);
    CHECK(test.broker.event(1).env.back() == "A=1");
    CHECK(test.broker.event(2).env.back() == "A=2");
  }
}
#endif

TEST_CASE("a client beyond the most that may be is hung up on, and told of") {
  LocalBridgeFixture test;
  test.start();
  std::vector<base::FileDescriptor> clients;
  for (int i = 0; i < 256; ++i) clients.push_back(test.client());
  auto further = test.client();
  test.until([&] { return test.hung_up(further); }, "the end of the connection");
  CHECK(test.logged("256 clients are connected, the most that may be"));
  clients.pop_back();
  test.write(clients.back(), "A=1\n");
  test.until_events(1);
}

TEST_CASE("other users may write only where every one may") {
  if (::getuid() != 0) {
    MESSAGE("skipped: only root can be somebody else");
    return;
  }
  for (bool any_user : {false, true}) {
    LocalBridgeFixture test;
    test.use("@" + (test.directory / "abstract"));
    if (any_user) test.options.emplace_back("--any-user");
    test.start();
    REQUIRE(::seteuid(65'534) == 0);
    auto client = test.client();
    REQUIRE(::seteuid(0) == 0);
    if (any_user) {
      test.write(client, "A=1\n");
      test.until_events(1);
      CHECK(test.broker.event(1).env[2] == "CLIENT_UID=65534");
    } else {
      test.until([&] { return test.hung_up(client); }, "the end of the connection");
      CHECK(test.logged("of user 65534 may not write here"));
    }
  }
}

TEST_CASE("no other user keeps all clients out") {
  if (::getuid() != 0) {
    MESSAGE("skipped: only root can be somebody else");
    return;
  }
  LocalBridgeFixture test;
  test.use("@" + (test.directory / "abstract"));
  test.options.emplace_back("--any-user");
  test.start();
  std::vector<base::FileDescriptor> clients;
  REQUIRE(::seteuid(65'534) == 0);
  for (int i = 0; i < 33; ++i) clients.push_back(test.client());
  REQUIRE(::seteuid(0) == 0);
  test.until([&] { return test.hung_up(clients.back()); }, "the end of the connection");
  CHECK(test.logged("32 clients of this user are connected"));
  test.write(clients.front(), "A=1\n");
  test.write(test.client(), "A=2\n");
  test.until_events(2);
}

TEST_CASE("a socket file is for its owner, one left behind makes room, and it goes with the bridge") {
  LocalBridgeFixture test;
  test.start();
  struct stat status{};
  REQUIRE(::lstat(test.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  test.bridge->end(SIGKILL);
  CHECK(std::filesystem::exists(test.path));
  test.options.emplace_back("--any-user");
  test.start();
  REQUIRE(::lstat(test.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0666);
  test.write(test.client(), "A=1\n");
  test.until_events(1);
  CHECK(test.bridge->end(SIGTERM) == 0);
  CHECK_FALSE(std::filesystem::exists(test.path));
}

TEST_CASE("several bridges serve one Upstart, each with its socket") {
  LocalBridgeFixture test;
  test.start();
  auto first = std::move(test.bridge);
  auto client = test.client();
  test.use(test.directory / "t");
  test.start();
  test.write(client, "A=1\n");
  test.until_events(1);
  test.write(test.client(), "A=2\n");
  test.until_events(2);
}

TEST_CASE("a wrong command line, and a socket that cannot be made, end the bridge with a message") {
  LocalBridgeFixture test;
  CHECK(test.run({"--run-directory", test.directory.path(), "--event", "told", "--path", "relative"}) == 1);
  CHECK(test.logged("relative is neither an absolute path nor @ and a name"));
  CHECK(test.run({"--run-directory", test.directory.path(), "--event", "t*", "--path", test.path}) == 1);
  CHECK(test.logged("the name of one event is needed"));
  CHECK(test.run({"--run-directory", test.directory.path(), "--path", test.path}) == 1);
  CHECK(test.logged("--event is required"));
}
