#include "daemons/bridge/testing/temporary-directory.hpp"
#include "daemons/socket-bridge/sockets/backlog.hpp"
#include "daemons/socket-bridge/sockets/file-watch.hpp"
#include "daemons/socket-bridge/sockets/listening-socket.hpp"
#include "daemons/socket-bridge/sockets/socket-directory.hpp"
#include "daemons/socket-bridge/sockets/unix-diagnostics.hpp"
#include "daemons/socket-bridge/testing/client.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <format>
#include <fstream>
#include <vector>

using namespace upstart::socket_bridge;
using namespace upstart::socket_bridge::testing;
using upstart::base::FileDescriptor;
using upstart::bridge::testing::TemporaryDirectory;

namespace {

std::string this_program() { return std::format("another program (socket_bridge_s, process {})", ::getpid()); }

SocketAddress at(const std::string& text) { return *address_of_text(text); }

ListeningSocket opened(const std::string& text, const Permissions& permissions = {}) {
  auto socket = ListeningSocket::open(at(text), permissions);
  REQUIRE_MESSAGE(socket, (socket ? "" : socket.error()));
  return std::move(*socket);
}

std::string why_not(const std::string& text, const Permissions& permissions = {}) {
  auto socket = ListeningSocket::open(at(text), permissions);
  return socket ? "" : socket.error();
}

unsigned mode_of(const std::string& path) {
  struct stat file{};
  REQUIRE(::lstat(path.c_str(), &file) == 0);
  return file.st_mode & 07777U;
}

// As a service does that answers one client only.
void connect_to_client(int socket, int client) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  auto* address = reinterpret_cast<sockaddr*>(&name);
  address->sa_family = AF_UNIX;
  REQUIRE(::getsockname(client, address, &size) == 0);
  if (size == sizeof name.ss_family) { // a Unix socket without a name gets one
    REQUIRE(::bind(client, address, size) == 0);
    size = sizeof name;
    REQUIRE(::getsockname(client, address, &size) == 0);
  }
  REQUIRE(::connect(socket, address, size) == 0);
}

bool exists(const std::string& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }

} // namespace

TEST_CASE("clients reach every kind of socket") {
  TemporaryDirectory directory;
  std::vector<std::string> addresses{std::format("inet:127.0.0.1:{}", free_port()), "unix:" + (directory / "s"),
                                     "abstract:" + (directory / "a")};
  if (has_ipv6()) addresses.push_back(std::format("inet6:[::1]:{}", free_port(Family::inet6)));
  for (const auto& address : addresses) {
    CAPTURE(address);
    auto socket = opened(address);
    CHECK(socket.is_reachable());
    CHECK(is_blocking(socket.fd()));
    auto client = connect_to(address);
    REQUIRE(client);
    send_text(client, "hello");
    CHECK(receive_text(accept_on(socket.fd())) == "hello");
  }
}

TEST_CASE("the clients in a backlog are counted") {
  TemporaryDirectory directory;
  for (const auto& address :
       {std::format("inet:127.0.0.1:{}", free_port()), "unix:" + (directory / "s"), "abstract:" + (directory / "a")}) {
    CAPTURE(address);
    auto socket = opened(address);
    CHECK(clients_waiting(socket.fd()) == 0);
    auto stays = connect_to(address);
    connect_to(address).reset();
    CHECK(clients_waiting(socket.fd()) == 2);
    CHECK(accept_on(socket.fd()));
    CHECK(clients_waiting(socket.fd()) == 1);
  }
  CHECK_FALSE(clients_waiting(opened("unix-dgram:" + (directory / "d")).fd()));
}

TEST_CASE("datagrams and FIFOs arrive") {
  TemporaryDirectory directory;
  for (const auto& address : {std::format("inet-dgram:127.0.0.1:{}", free_port()), "unix-dgram:" + (directory / "d"),
                              "fifo:" + (directory / "f")}) {
    CAPTURE(address);
    auto socket = opened(address);
    CHECK(socket.is_reachable());
    send_text(connect_to(address), "hello");
    CHECK(receive_text(FileDescriptor{::dup(socket.fd())}) == "hello");
  }
}

TEST_CASE("an IPv6 socket leaves IPv4 alone") {
  if (!has_ipv6()) return;
  auto port = free_port(Family::inet6);
  auto six = opened(std::format("inet6:[::]:{}", port));
  CHECK_FALSE(connect_to(std::format("inet:127.0.0.1:{}", port)));
}

TEST_CASE("a port that is in use is an error that says so") {
  auto address = std::format("inet:127.0.0.1:{}", free_port());
  auto other = listen_on(address);
  CHECK(why_not(address) == "the address is in use by " + this_program());
}

TEST_CASE("an address that this machine does not have is an error that says so") {
  CHECK(why_not("inet:192.0.2.1:80") == "no interface of this machine has the address 192.0.2.1");
}

TEST_CASE("a stale socket file is replaced") {
  TemporaryDirectory directory;
  auto address = "unix:" + (directory / "s");
  listen_on(address).reset();
  auto socket = opened(address);
  CHECK(connect_to(address));
}

TEST_CASE("a socket file that somebody listens on stays theirs") {
  TemporaryDirectory directory;
  auto address = "unix:" + (directory / "s");
  auto other = listen_on(address);
  CHECK(why_not(address) == this_program() + " listens on " + (directory / "s"));
  CHECK(connect_to(address));
  CHECK(why_not("unix-dgram:" + (directory / "s")) == this_program() + " listens on " + (directory / "s"));
}

TEST_CASE("whoever listens on a socket file is found by any way to it, and not connected to") {
  TemporaryDirectory directory;
  std::filesystem::create_directory_symlink(".", directory / "link");
  auto other = listen_on("unix:" + (directory / "s"));
  for (const auto& path : {directory / "s", directory / "link/s"}) {
    CHECK(why_not("unix:" + path) == this_program() + " listens on " + path);
    CHECK(unix_sockets_at(at("unix:" + path)).size() == 1);
  }
  CHECK(clients_waiting(other.get()) == 0);
  CHECK(place_of(at("unix:" + (directory / "link/s"))) == place_of(at("unix:" + (directory / "s"))));
  CHECK(place_of(at("unix:" + (directory / "t"))) != place_of(at("unix:" + (directory / "s"))));
}

TEST_CASE("a file that is no socket is never replaced") {
  TemporaryDirectory directory;
  std::ofstream{directory / "s"} << "precious";
  CHECK(why_not("unix:" + (directory / "s")) == (directory / "s") + " exists and is not a socket");
  CHECK(why_not("fifo:" + (directory / "s")) == (directory / "s") + " exists and is not a FIFO");
  CHECK(exists(directory / "s"));
}

TEST_CASE("a directory that does not exist is an error that says so") {
  TemporaryDirectory directory;
  CHECK(why_not("unix:" + (directory / "no/s")) == "the directory of " + (directory / "no/s") + " does not exist");
}

TEST_CASE("the mode is 0777 less umask, or the one asked for") {
  TemporaryDirectory directory;
  auto before = ::umask(027);
  auto plain = opened("unix:" + (directory / "plain"));
  auto asked = opened("unix:" + (directory / "asked"), {.mode = 0666, .owner = "", .group = ""});
  auto fifo = opened("fifo:" + (directory / "fifo"), {.mode = 0622, .owner = "", .group = ""});
  ::umask(before);
  CHECK(mode_of(directory / "plain") == 0750);
  CHECK(mode_of(directory / "asked") == 0666);
  CHECK(mode_of(directory / "fifo") == 0622);
  REQUIRE(asked.set_permissions({.mode = 0600, .owner = "", .group = ""}));
  CHECK(mode_of(directory / "asked") == 0600);
}

TEST_CASE("an owner that does not exist is an error that says so, and leaves no file behind") {
  TemporaryDirectory directory;
  CHECK(why_not("unix:" + (directory / "s"), {.mode = {}, .owner = "no such user", .group = ""}) ==
        "there is no user no such user");
  CHECK(why_not("unix:" + (directory / "s"), {.mode = {}, .owner = "", .group = "no such group"}) ==
        "there is no group no such group");
  CHECK_FALSE(exists(directory / "s"));
}

TEST_CASE("an inherited socket is taken over only if it still is what its name says") {
  TemporaryDirectory directory;
  auto address = "unix:" + (directory / "s");
  auto adopt = [&](const std::string& as, int fd) {
    return ListeningSocket::adopt(at(as), FileDescriptor{::dup(fd)}).has_value();
  };
  {
    auto socket = opened(address);
    CHECK(adopt(address, socket.fd()));
    CHECK_FALSE(adopt("unix:" + (directory / "other"), socket.fd()));
    CHECK_FALSE(adopt("fifo:" + (directory / "s"), socket.fd()));
    socket.remove_file();
    CHECK_FALSE(adopt(address, socket.fd()));
  }
  auto port = std::format("inet:127.0.0.1:{}", free_port());
  auto socket = opened(port);
  CHECK(adopt(port, socket.fd()));
  ::shutdown(socket.fd(), SHUT_RDWR);
  CHECK_FALSE(adopt(port, socket.fd()));
}

TEST_CASE("a socket of any kind that was shut down for all is no longer reachable") {
  TemporaryDirectory directory;
  for (const auto& address :
       {std::format("inet:127.0.0.1:{}", free_port()), std::format("inet-dgram:127.0.0.1:{}", free_port()),
        "unix:" + (directory / "s"), "unix-dgram:" + (directory / "d"), "abstract:" + (directory / "s"),
        "abstract-dgram:" + (directory / "d")}) {
    CAPTURE(address);
    auto socket = opened(address);
    auto client = connect_to(address);
    CHECK(socket.is_reachable());
    ::shutdown(socket.fd(), SHUT_RDWR);
    CHECK_FALSE(socket.is_reachable());
  }
}

TEST_CASE("a datagram socket that a job has connected to one client is inherited, and is for all clients again") {
  TemporaryDirectory directory;
  auto port = free_port();
  std::vector<std::pair<std::string, std::string>> kinds{
      {std::format("inet-dgram:127.0.0.1:{}", port), std::format("inet-dgram:127.0.0.1:{}", port)},
      {std::format("inet-dgram:0.0.0.0:{}", port), std::format("inet-dgram:127.0.0.1:{}", port)},
      {"unix-dgram:" + (directory / "d"), "unix-dgram:" + (directory / "d")},
      {"abstract-dgram:" + (directory / "d"), "abstract-dgram:" + (directory / "d")}};
  if (has_ipv6())
    kinds.emplace_back(std::format("inet6-dgram:[::]:{}", port), std::format("inet6-dgram:[::1]:{}", port));
  for (const auto& [address, reached_at] : kinds) {
    CAPTURE(address);
    auto socket = opened(address);
    auto client = connect_to(reached_at);
    connect_to_client(socket.fd(), client.get());
    auto adopted = ListeningSocket::adopt(at(address), FileDescriptor{::dup(socket.fd())});
    REQUIRE(adopted);
    adopted->dissolve_connection();
    CHECK(adopted->is_reachable());
    send_text(connect_to(reached_at), "hello");
    CHECK(receive_text(FileDescriptor{::dup(socket.fd())}) == "hello");
  }
}

TEST_CASE("a socket whose file was removed or replaced is no longer reachable, and a file of others is not removed") {
  TemporaryDirectory directory;
  auto address = "unix:" + (directory / "s");
  auto socket = opened(address);
  std::filesystem::remove(directory / "s");
  CHECK_FALSE(socket.is_reachable());
  auto other = listen_on(address);
  CHECK_FALSE(socket.is_reachable());
  socket.remove_file();
  CHECK(exists(directory / "s"));
}

TEST_CASE("a link in the place of a socket's file leads its owner and mode to nothing else") {
  TemporaryDirectory directory;
  for (const auto& kind : {"unix:", "fifo:"}) {
    CAPTURE(kind);
    auto path = directory / "s", precious = directory / "precious";
    std::ofstream{precious} << "precious";
    ::chmod(precious.c_str(), 0600);
    auto socket = opened(kind + path);
    std::filesystem::remove(path);
    std::filesystem::create_symlink(precious, path);
    auto set = socket.set_permissions({.mode = 0666, .owner = std::to_string(::getuid()), .group = ""});
    CHECK(mode_of(precious) == 0600);
    if (kind == std::string{"unix:"})
      CHECK((set ? "" : set.error()) ==
            "unable to set the owner and mode of " + path + ": another file is in its place");
    std::filesystem::remove(path);
  }
}

TEST_CASE("a directory is made again as it was, and through links of root") {
  TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "real");
  std::filesystem::create_symlink("real", directory / "link");
  DirectoryOwner owner{.mode = 02710, .user = ::getuid(), .group = ::getgid()};
  REQUIRE(make_directory(directory / "link/above/it", owner) == true);
  CHECK(mode_of(directory / "real/above/it") == 02710);
  CHECK(mode_of(directory / "real/above") == 0755);
  CHECK(make_directory(directory / "link/above/it", owner) == false);
}

TEST_CASE("a directory is not made through a link of another user") {
  if (::getuid() != 0) return;
  constexpr uid_t nobody = 65534;
  TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "etc");
  std::filesystem::create_directory(directory / "alice");
  REQUIRE(::chown((directory / "alice").c_str(), nobody, nobody) == 0);
  std::filesystem::create_directory_symlink(directory / "etc", directory / "alice/run");
  auto made = make_directory(directory / "alice/run/app", {.mode = 0777, .user = nobody, .group = nobody});
  CHECK((made ? "" : made.error()) == "run: it is no directory, or a link that others than root can replace");
  CHECK(std::filesystem::is_empty(directory / "etc"));
  REQUIRE(make_directory(directory / "alice/other", {.mode = 0700, .user = nobody, .group = nobody}) == true);
  struct stat status{};
  CHECK((::stat((directory / "alice/other").c_str(), &status) == 0 && status.st_uid == nobody));
}

TEST_CASE("without inotify no file is watched, and the bridge goes on") {
  TemporaryDirectory directory;
  upstart::base::EventLoop loop;
  errno = EMFILE;
  FileWatch files{loop, [](const auto&) {}, upstart::base::FileDescriptor{}};
  auto socket = opened("unix:" + (directory / "s"));
  files.watch(at("unix:" + (directory / "s")));
  files.unwatch(at("unix:" + (directory / "s")));
}
