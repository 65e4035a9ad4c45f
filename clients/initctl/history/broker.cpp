#include "clients/initctl/history/broker.hpp"

#include "clients/base/supervisor.hpp"
#include "generated/EventBroker1-proxy-stub.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <format>

namespace upstart::client {

namespace {

// Only calls; subscribes to nothing.
class Broker : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::EventBroker1_proxy_stub> {
public:
  Broker(sdbus::IConnection& connection, sdbus::ServiceName name)
      : ProxyInterfaces(connection, std::move(name), sdbus::ObjectPath{protocol::path::event_broker}) {}
};

using Properties = std::map<std::string, sdbus::Variant>;

template <typename Value> Value take(const Properties& properties, const char* key) {
  auto found = properties.find(key);
  return found == properties.end() ? Value{} : found->second.get<Value>();
}

// What crossed D-Bus escaped, as it is shown.
std::string shown(std::string_view escaped) { return protocol::readable(protocol::unescaped(escaped)); }
std::vector<std::string> shown(std::vector<std::string> all) {
  for (auto& one : all) one = shown(one);
  return all;
}

PastEvent event_from(const Properties& properties) {
  using Strings = std::vector<std::string>;
  using WireActions = std::vector<sdbus::Struct<std::string, std::string, std::string>>;
  using Microseconds = std::chrono::microseconds;
  return {.id = take<std::uint64_t>(properties, "id"),
          .name = shown(take<std::string>(properties, "name")),
          .environment = shown(take<Strings>(properties, "env")),
          .time = WallTime{Microseconds{take<std::uint64_t>(properties, "time")}},
          .uid = take<std::uint32_t>(properties, "uid"),
          .pid = take<std::uint32_t>(properties, "pid"),
          .handlers = take<Strings>(properties, "handlers"),
          .done = protocol::converted(protocol::job_actions_from_wire(take<WireActions>(properties, "done")), shown),
          .blocked = Microseconds{take<std::uint64_t>(properties, "blocked")},
          .outcome = take<std::string>(properties, "outcome")};
}

std::vector<PastEvent> ask(sdbus::IConnection& connection, const char* name, std::uint32_t count) {
  std::vector<PastEvent> events;
  for (const auto& properties : Broker{connection, sdbus::ServiceName{name}}.History(count))
    events.push_back(event_from(properties));
  return events;
}

// The supervisor knows where its broker is; one that does not tell is of before it could.
std::string told_broker_address(Upstart& upstart) try {
  return Supervisor{upstart.connection()}.event_broker_address();
} catch (const sdbus::Error&) { return {}; }

std::expected<std::vector<PastEvent>, Failure> ask_at(const Target& target, std::uint32_t count) {
  return Connection::open(target).transform(
      [&](const auto& connection) { return ask(connection->sdbus(), target.destination.c_str(), count); });
}

} // namespace

std::string broker_address(const ProcessContext& context, const Target& target) {
  using namespace protocol;
  if (target.address == address::system) return daemon_address(run_directory::system, socket_name::broker);
  auto runtime = context.variable("XDG_RUNTIME_DIR");
  if (!target.address.starts_with(address::session_prefix) || !runtime) return {};
  auto pid = target.address.substr(target.address.rfind('/') + 1);
  return daemon_address(session_run_directory(*runtime, pid), socket_name::broker);
}

std::expected<std::vector<PastEvent>, Failure> read_history(const ProcessContext& context, Upstart& upstart,
                                                            std::uint32_t count) {
  const auto& target = upstart.connection().target();
  if (target.kind != Target::Kind::peer)
    return ask(upstart.connection().sdbus(), protocol::bus_name::event_broker, count);
  auto address = told_broker_address(upstart);
  if (address.empty()) address = broker_address(context, target);
  if (!address.empty())
    if (auto events = ask_at({Target::Kind::peer, address, {}}, count)) return events;
  auto bus = Supervisor{upstart.connection()}.bus_address();
  if (bus.empty())
    return std::unexpected{
        Failure{"The event broker cannot be found: neither at a socket in the run directory nor on a bus."}};
  return ask_at({Target::Kind::session_bus, bus, protocol::bus_name::event_broker}, count);
}

} // namespace upstart::client
