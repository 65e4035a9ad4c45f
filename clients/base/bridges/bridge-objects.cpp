#include "clients/base/bridges/bridge-objects.hpp"

#include "clients/base/connection.hpp"
#include "clients/base/supervisor.hpp"
#include "generated/Bridge1-proxy-stub.hpp"
#include "generated/TimerBridge1-proxy-stub.hpp"
#include "protocol/names.hpp"

#include <filesystem>
#include <functional>

namespace upstart::client {

namespace {

// Only calls; subscribes to nothing.
template <typename Interface> class Proxy : public sdbus::ProxyInterfaces<Interface> {
public:
  Proxy(sdbus::IConnection& connection, const sdbus::ServiceName& name, const std::string& bridge)
      : sdbus::ProxyInterfaces<Interface>(connection, name, sdbus::ObjectPath{protocol::daemon_object_path(bridge)}) {}
};

constexpr const char* timer_bridge = "timer-bridge";

std::optional<BridgeTime> time_of(std::uint64_t microseconds) {
  if (microseconds == 0) return std::nullopt;
  return BridgeTime{std::chrono::microseconds{microseconds}};
}

// The socket of a bridge: its own where it was started by hand, that of init where init has. Empty: not to be found.
std::string address_of(Upstart& upstart, const std::string& bridge, std::uint32_t pid) {
  auto broker = Supervisor{upstart.connection()}.event_broker_address();
  constexpr std::string_view prefix = "unix:path=";
  if (!broker.starts_with(prefix)) return "";
  auto run_directory = broker.substr(prefix.size(), broker.rfind('/') - prefix.size());
  for (const auto& name : {bridge + "." + std::to_string(pid), bridge}) {
    auto address = protocol::daemon_address(run_directory, name);
    if (std::filesystem::exists(address.substr(prefix.size()))) return address;
  }
  return {};
}

// Calls `ask` with the connection on which the bridge is, and its name there.
template <typename Answer>
std::expected<Answer, Failure>
ask_bridge(Upstart& upstart, const std::string& bridge, std::uint32_t pid,
           const std::function<Answer(sdbus::IConnection&, const sdbus::ServiceName&)>& ask) try {
  auto bus_name = protocol::daemon_bus_name(bridge);
  if (upstart.connection().target().kind != Target::Kind::peer)
    return ask(upstart.connection().sdbus(), sdbus::ServiceName{bus_name});
  auto address = address_of(upstart, bridge, pid);
  if (address.empty()) return std::unexpected{Failure{"its socket cannot be found"}};
  auto connection = Connection::open({Target::Kind::peer, address, {}}, std::chrono::seconds{2});
  if (!connection) return std::unexpected{connection.error()};
  return ask((*connection)->sdbus(), sdbus::ServiceName{""});
} catch (const sdbus::Error& error) {
  return std::unexpected{Failure{error.getMessage()}};
} catch (const std::filesystem::filesystem_error&) {
  return std::unexpected{Failure{"the run directory cannot be read"}};
}

} // namespace

std::expected<std::vector<BridgeWatch>, Failure> watches_of(Upstart& upstart, const std::string& bridge,
                                                            std::uint32_t pid) {
  return ask_bridge<std::vector<BridgeWatch>>(
      upstart, bridge, pid, [&](sdbus::IConnection& connection, const sdbus::ServiceName& name) {
        std::vector<BridgeWatch> watches;
        for (const auto& [what, state, since, jobs] :
             Proxy<com::ubuntu::Upstart::Bridge1_proxy_stub>{connection, name, bridge}.ListWatches())
          watches.push_back({what, state, time_of(since), jobs});
        return watches;
      });
}

std::expected<std::vector<TimerState>, Failure> timers_of(Upstart& upstart, std::uint32_t pid) {
  return ask_bridge<std::vector<TimerState>>(
      upstart, timer_bridge, pid, [&](sdbus::IConnection& connection, const sdbus::ServiceName& name) {
        std::vector<TimerState> timers;
        for (const auto& [condition, jobs, next, last, missed] :
             Proxy<com::ubuntu::Upstart::TimerBridge1_proxy_stub>{connection, name, timer_bridge}.ListTimers())
          timers.push_back({condition, jobs, time_of(next), time_of(last), missed});
        return timers;
      });
}

} // namespace upstart::client
