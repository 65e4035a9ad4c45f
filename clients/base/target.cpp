#include "clients/base/target.hpp"

#include "protocol/names.hpp"

#include <systemd/sd-bus.h>

#include <format>

namespace upstart::client {

namespace {

constexpr const char* system_bus_default = "unix:path=/run/dbus/system_bus_socket";

std::expected<Target, Failure> session_bus(const ProcessContext& context) {
  auto address = context.variable("DBUS_SESSION_BUS_ADDRESS");
  if (!address)
    if (auto run = context.variable("XDG_RUNTIME_DIR")) address = std::format("unix:path={}/bus", *run);
  if (!address)
    return std::unexpected{
        Failure{"Unable to connect to session bus: DBUS_SESSION_BUS_ADDRESS isn't set in the environment", false,
                way_to_session}};
  return Target{Target::Kind::session_bus, *address, protocol::bus_name::upstart};
}

std::expected<Target, Failure> system_bus(const TargetOptions& options, const ProcessContext& context) {
  auto name = options.bus_name.value_or(protocol::bus_name::upstart);
  if (sd_bus_service_name_is_valid(name.c_str()) <= 0)
    return std::unexpected{Failure{
        std::format("invalid name of an init daemon: `{}'; it is one like {}", name, protocol::bus_name::upstart)}};
  auto address = context.variable("DBUS_SYSTEM_BUS_ADDRESS").value_or(system_bus_default);
  return Target{Target::Kind::system_bus, address, name};
}

} // namespace

std::expected<Target, Failure> choose_target(const TargetOptions& options, const ProcessContext& context) {
  auto session = context.variable("UPSTART_SESSION");
  if (options.session_init && !session)
    return std::unexpected{Failure{
        "UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.", false, way_to_session}};
  if (options.bus_name && options.bus != Target::Kind::system_bus)
    return std::unexpected{Failure{"--dest given without --system", true}};
  if (options.bus == Target::Kind::session_bus) return session_bus(context);
  if (options.bus == Target::Kind::system_bus) return system_bus(options, context);
  if (session) return Target{Target::Kind::peer, *session, {}};
  if (context.uid == 0) return Target{Target::Kind::peer, protocol::address::system, {}};
  return system_bus(options, context);
}

std::string match_rule(const Target& target) {
  auto rule = std::format("type='signal',path_namespace='{}'", protocol::path::manager);
  return target.kind == Target::Kind::peer ? rule : rule + std::format(",sender='{}'", target.destination);
}

} // namespace upstart::client
