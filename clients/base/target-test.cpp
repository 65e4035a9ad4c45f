#include "clients/base/target.hpp"

#include <doctest/doctest.h>

#include <map>
#include <sstream>

using namespace upstart::client;

namespace {

using Variables = std::map<std::string, std::string>;
using Kind = Target::Kind;

std::expected<Target, Failure> chosen(const TargetOptions& options, const Variables& variables, uid_t uid = 0) {
  std::ostringstream none;
  ProcessContext context{.out = none,
                         .err = none,
                         .variable = [&](const std::string& name) -> std::optional<std::string> {
                           auto found = variables.find(name);
                           return found == variables.end() ? std::nullopt : std::optional{found->second};
                         },
                         .uid = uid};
  return choose_target(options, context);
}

const Variables in_session{{"UPSTART_SESSION", "unix:abstract=/s"}, {"DBUS_SESSION_BUS_ADDRESS", "unix:path=/bus"}};
const Target system_bus{Target::Kind::system_bus, "unix:path=/run/dbus/system_bus_socket", "com.ubuntu.Upstart"};

} // namespace

TEST_CASE("inside a session the session's own socket is used") {
  CHECK(chosen({}, in_session) == Target{Target::Kind::peer, "unix:abstract=/s", ""});
  CHECK(chosen({.session_init = true}, in_session, 1000) == Target{Target::Kind::peer, "unix:abstract=/s", ""});
}

TEST_CASE("root uses the private socket, others the system bus") {
  CHECK(chosen({}, {}) == Target{Target::Kind::peer, "unix:abstract=/com/ubuntu/upstart", ""});
  CHECK(chosen({}, {}, 1000) == system_bus);
}

TEST_CASE("options choose a bus, also inside a session") {
  CHECK(chosen({.bus = Kind::system_bus}, in_session) == system_bus);
  CHECK(chosen({.bus = Kind::session_bus}, in_session) ==
        Target{Target::Kind::session_bus, "unix:path=/bus", "com.ubuntu.Upstart"});
  CHECK(chosen({.bus = Kind::session_bus}, {{"XDG_RUNTIME_DIR", "/r"}})->address == "unix:path=/r/bus");
  CHECK(chosen({.bus = Kind::system_bus, .bus_name = "a.b"}, {})->destination == "a.b");
  CHECK(chosen({.bus = Kind::system_bus}, {{"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/x"}})->address == "unix:path=/x");
}

TEST_CASE("what cannot be chosen is explained") {
  CHECK(chosen({.session_init = true}, {}).error().message ==
        "UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.");
  CHECK(chosen({.bus_name = "a.b"}, {}).error().message == "--dest given without --system");
  CHECK(chosen({.bus = Kind::session_bus}, {}).error().message.starts_with("Unable to connect to session bus: "));
}
