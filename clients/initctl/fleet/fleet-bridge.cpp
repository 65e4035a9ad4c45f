#include "clients/initctl/fleet/fleet-bridge.hpp"

#include "clients/base/connection.hpp"
#include "clients/base/supervisor.hpp"
#include "generated/MqttBridge1-proxy-stub.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <thread>

namespace upstart::client {

namespace {

constexpr const char* bridge = "mqtt-bridge";
constexpr const char* interface_name = com::ubuntu::Upstart::MqttBridge1_proxy_stub::INTERFACE_NAME;
constexpr std::chrono::seconds usual_limit{30};
constexpr std::chrono::seconds margin{5}; // for the bridge to say that the time is over

bool is_running(Upstart& upstart) {
  return std::ranges::any_of(Supervisor{upstart.connection()}.ListBridges(),
                             [](const auto& entry) { return entry.template get<0>() == bridge; });
}

} // namespace

// A bridge that is not running leaves clients to wait at its socket, which init keeps.
std::expected<std::unique_ptr<Connection>, Failure> FleetBridge::connect() {
  constexpr std::chrono::seconds if_running{10}, if_not{3};
  auto broker = Supervisor{upstart_.connection()}.event_broker_address();
  constexpr std::string_view prefix = "unix:path=";
  if (!broker.starts_with(prefix)) return std::unexpected{Failure{"the run directory of this Upstart is not known"}};
  auto run_directory = broker.substr(prefix.size(), broker.rfind('/') - prefix.size());
  bool running = is_running(upstart_);
  auto connection = Connection::open({Target::Kind::peer, protocol::daemon_address(run_directory, bridge), {}},
                                     running ? if_running : if_not);
  if (!connection && !running)
    return std::unexpected{
        Failure{"upstart-mqtt-bridge is not running; it needs a fleet.conf(5), and the package upstart-fleet"}};
  if (!connection)
    return std::unexpected{Failure{"upstart-mqtt-bridge does not answer: " + connection.error().message}};
  return connection;
}

// A bridge that dies meanwhile is started again, and asked again if that can do no harm.
template <typename Answer, typename Ask>
std::expected<Answer, Failure> FleetBridge::ask(bool may_repeat, Ask ask_once) {
  auto end = std::chrono::steady_clock::now() + limit_;
  while (true) {
    auto connection = connect();
    if (!connection) return std::unexpected{connection.error()};
    try {
      auto proxy = sdbus::createProxy((*connection)->sdbus(), sdbus::ServiceName{""},
                                      sdbus::ObjectPath{protocol::daemon_object_path(bridge)});
      return ask_once(*proxy);
    } catch (const sdbus::Error& error) {
      if (!is_lost(error)) return std::unexpected{Failure{error.getMessage()}};
      if (!may_repeat)
        return std::unexpected{Failure{"upstart-mqtt-bridge went away meanwhile; the command may or may not have been "
                                       "executed"}};
      if (std::chrono::steady_clock::now() >= end)
        return std::unexpected{Failure{"upstart-mqtt-bridge went away meanwhile"}};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

std::expected<std::vector<std::string>, Failure> FleetBridge::emit(const std::string& nodes, const std::string& event,
                                                                   const std::vector<std::string>& environment,
                                                                   bool wait) {
  auto token = upstart_.next_token();
  return ask<std::vector<std::string>>(true, [&](sdbus::IProxy& proxy) {
    std::vector<std::string> notes;
    proxy.callMethod("Emit")
        .onInterface(interface_name)
        .withTimeout(limit_ + margin)
        .withArguments(token, nodes, protocol::escaped(event),
                       static_cast<const std::vector<std::string>&>(protocol::escaped(environment)), wait,
                       static_cast<std::uint32_t>(limit_.count()))
        .storeResultsTo(notes);
    return notes;
  });
}

std::expected<NodeReply, Failure> FleetBridge::call(const std::string& node, const std::vector<std::string>& words) {
  return ask<NodeReply>(false, [&](sdbus::IProxy& proxy) {
    std::int32_t status = 0;
    NodeReply reply;
    proxy.callMethod("Call")
        .onInterface(interface_name)
        .withTimeout(limit_ + margin)
        .withArguments(node, static_cast<const std::vector<std::string>&>(protocol::escaped(words)),
                       static_cast<std::uint32_t>(limit_.count()))
        .storeResultsTo(status, reply.output, reply.errors);
    reply.status = status == 0 ? 0 : std::clamp(status, 1, 255);
    reply.output = protocol::unescaped(reply.output);
    reply.errors = protocol::unescaped(reply.errors);
    return reply;
  });
}

std::expected<FleetNodes, Failure> FleetBridge::nodes() {
  using Node = sdbus::Struct<std::string, bool, std::uint64_t, std::string, std::string, std::uint64_t,
                             std::vector<std::string>>;
  return ask<FleetNodes>(true, [&](sdbus::IProxy& proxy) {
    FleetNodes fleet;
    std::vector<Node> nodes;
    proxy.callMethod("ListNodes")
        .onInterface(interface_name)
        .withTimeout(limit_ + margin)
        .withArguments(static_cast<std::uint32_t>(limit_.count()))
        .storeResultsTo(fleet.fleet, nodes);
    for (const auto& [name, online, since, version, boot, running, failed] : nodes)
      fleet.nodes.push_back({name, online,
                             std::chrono::sys_time<std::chrono::microseconds>{std::chrono::microseconds{since}},
                             version, boot, running, failed});
    return fleet;
  });
}

std::expected<std::chrono::seconds, Failure> time_limit(const Call& call) {
  auto given = call.options.value("--time-limit");
  if (!given) return usual_limit;
  constexpr unsigned longest = 24 * 60 * 60;
  unsigned seconds = 0;
  auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), seconds);
  if (error != std::errc{} || end != given->data() + given->size() || seconds == 0 || seconds > longest)
    return std::unexpected{
        Failure{std::format("invalid time limit: {}: seconds, from 1 to {}, are needed", *given, longest)}};
  return std::chrono::seconds{seconds};
}

} // namespace upstart::client
