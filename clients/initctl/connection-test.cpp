#include "clients/initctl/connection.hpp"

#include "daemons/base/listen.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <format>
#include <map>
#include <sstream>

using namespace upstart::client;

namespace {

using Variables = std::map<std::string, std::string>;

std::expected<Target, Failure> chosen(const std::vector<std::string>& options, const Variables& variables,
                                      uid_t uid = 0) {
  std::ostringstream none;
  Surroundings surroundings{.out = none,
                            .err = none,
                            .variable = [&](const std::string& name) -> std::optional<std::string> {
                              auto found = variables.find(name);
                              return found == variables.end() ? std::nullopt : std::optional{found->second};
                            },
                            .uid = uid};
  GivenOptions given;
  for (const auto& option : options)
    given.add(option.substr(0, option.find('=')), option.contains('=') ? option.substr(option.find('=') + 1) : "");
  return choose_target(Call{surroundings, given, {}});
}

std::string why(const Target& target) {
  auto opened = Connection::open(target);
  REQUIRE_FALSE(opened);
  return opened.error().message;
}

const Variables in_session{{"UPSTART_SESSION", "unix:abstract=/s"}, {"DBUS_SESSION_BUS_ADDRESS", "unix:path=/bus"}};
const Target system_bus{Target::Kind::system_bus, "unix:path=/run/dbus/system_bus_socket", "com.ubuntu.Upstart"};

} // namespace

TEST_CASE("inside a session the session's own socket is used") {
  CHECK(chosen({}, in_session) == Target{Target::Kind::peer, "unix:abstract=/s", ""});
  CHECK(chosen({"--user"}, in_session, 1000) == Target{Target::Kind::peer, "unix:abstract=/s", ""});
}

TEST_CASE("root uses the private socket, others the system bus") {
  CHECK(chosen({}, {}) == Target{Target::Kind::peer, "unix:abstract=/com/ubuntu/upstart", ""});
  CHECK(chosen({}, {}, 1000) == system_bus);
}

TEST_CASE("options choose a bus, also inside a session") {
  CHECK(chosen({"--system"}, in_session) == system_bus);
  CHECK(chosen({"--session"}, in_session) == Target{Target::Kind::session_bus, "unix:path=/bus", "com.ubuntu.Upstart"});
  CHECK(chosen({"--session", "--system"}, in_session) == system_bus);
  CHECK(chosen({"--session"}, {{"XDG_RUNTIME_DIR", "/r"}})->address == "unix:path=/r/bus");
  CHECK(chosen({"--system", "--dest=a.b"}, {})->destination == "a.b");
  CHECK(chosen({"--system"}, {{"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/x"}})->address == "unix:path=/x");
}

TEST_CASE("what cannot be chosen is explained") {
  CHECK(chosen({"--user"}, {}).error().message ==
        "UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.");
  CHECK(chosen({"--dest=a.b"}, {}).error().message == "--dest given without --system");
  CHECK(chosen({"--session"}, {}).error().message.starts_with("Unable to connect to session bus: "));
}

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
