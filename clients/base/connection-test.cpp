#include "clients/base/connection.hpp"

#include "daemons/base/listen.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <format>

using namespace upstart::client;

namespace {

std::string why(const Target& target) {
  auto opened = Connection::open(target);
  REQUIRE_FALSE(opened);
  return opened.error().message;
}

} // namespace

TEST_CASE("a server that accepts and never completes the handshake is given up after a time limit") {
  auto address = std::format("unix:abstract=/upstart-silent/{}", ::getpid());
  auto silent = upstart::base::listen_at(address);
  REQUIRE(silent);
  auto opened = Connection::open({Target::Kind::peer, address, ""}, std::chrono::milliseconds{50});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.contains("socket " + address.substr(14) + ": no answer for 0.05s; "));
  CHECK(is_listening(address));
  silent->reset();
  CHECK_FALSE(is_listening(address));
}

TEST_CASE("an address of a session that leads nowhere is answered with where to find one") {
  auto opened = Connection::open({Target::Kind::peer, "tcp:host=localhost,port=1", ""});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.starts_with(
      "Unable to connect to Upstart: Failed to connect to tcp:host=localhost,port=1: "));
  CHECK(opened.error().message.ends_with("; UPSTART_SESSION holds an address such as `initctl list-sessions' shows"));
}

TEST_CASE("a connection that fails says where and why") {
  CHECK(why({Target::Kind::system_bus, "unix:path=/no/such%20socket,guid=0", "x"}) ==
        "Unable to connect to system bus: Failed to connect to socket /no/such socket: No such file or directory");
  CHECK(why({Target::Kind::session_bus, "unix:path=/no;unix:path=/neither", "x"}) ==
        "Unable to connect to session bus: Failed to connect to socket /neither: No such file or directory");
  CHECK(why({Target::Kind::peer, "nonsense", ""}).starts_with("Unable to connect to Upstart: "));
}

TEST_CASE("nothing is said to another user's process that listens where an Upstart was expected") {
  if (::geteuid() != 0) return; // only root can be another user
  auto listen_as = [](uid_t user, const std::string& address) {
    REQUIRE(::seteuid(user) == 0);
    auto listening = upstart::base::listen_at(address);
    REQUIRE(::seteuid(0) == 0);
    REQUIRE(listening);
    return std::move(*listening);
  };
  auto address = std::format("unix:abstract=/com/ubuntu/upstart-session/0/{}/test", ::getpid());
  auto squatter = listen_as(65534, address);
  CHECK(why({Target::Kind::peer, address, ""}) ==
        std::format("Unable to connect to Upstart: socket {} is served by user 65534, who is neither root nor you: not "
                    "talking to it",
                    address.substr(14)));
  CHECK_FALSE(is_listening(address));
  auto of_user = std::format("unix:abstract=/com/ubuntu/upstart-session/65534/{}", ::getpid());
  auto session = listen_as(65534, of_user);
  CHECK(is_listening(of_user)); // root may go to anybody's session
}
