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
