#include "clients/initctl/history/broker.hpp"

#include "generated/EventBroker1-proxy-stub.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <nlohmann/json.hpp>

#include <ctime>
#include <format>

namespace upstart::client {

namespace {

constexpr const char* system_run_directory = "/run/upstart";

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

std::string property_of_supervisor(Upstart& upstart, const char* name) {
  auto supervisor = sdbus::createProxy(upstart.connection().sdbus(), upstart.connection().destination(),
                                       sdbus::ObjectPath{protocol::path::job_supervisor});
  return supervisor->getProperty(name).onInterface("com.ubuntu.Upstart.JobSupervisor1").get<std::string>();
}

// The supervisor knows where its broker is; one that does not tell is of before it could.
std::string told_broker_address(Upstart& upstart) try {
  return property_of_supervisor(upstart, "event_broker_address");
} catch (const sdbus::Error&) { return {}; }

std::expected<std::vector<PastEvent>, Failure> ask_at(const Target& target, std::uint32_t count) {
  return Connection::open(target).transform(
      [&](const auto& connection) { return ask(connection->sdbus(), target.destination.c_str(), count); });
}

std::string parts_joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : std::string{between}) + part;
  return text;
}

std::vector<std::string> done_texts(const PastEvent& event) {
  std::vector<std::string> texts;
  for (const auto& action : event.done) texts.push_back(protocol::to_text(action));
  return texts;
}

} // namespace

std::string broker_address(const ProcessContext& context, const Target& target) {
  constexpr std::string_view session_prefix = "unix:abstract=/com/ubuntu/upstart-session/";
  if (target.address == "unix:abstract=/com/ubuntu/upstart")
    return protocol::daemon_address(system_run_directory, protocol::socket_name::broker);
  auto run = context.variable("XDG_RUNTIME_DIR");
  if (!target.address.starts_with(session_prefix) || !run) return {};
  auto pid = target.address.substr(target.address.rfind('/') + 1);
  return protocol::daemon_address(std::format("{}/upstart/{}", *run, pid), protocol::socket_name::broker);
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
  auto bus = property_of_supervisor(upstart, "bus_address");
  if (bus.empty())
    return std::unexpected{
        Failure{"The event broker cannot be found: neither at a socket in the run directory nor on a bus."}};
  return ask_at({Target::Kind::session_bus, bus, protocol::bus_name::event_broker}, count);
}

std::string shown_event(const std::string& name, const std::vector<std::string>& environment) {
  return environment.empty() ? name : name + " " + parts_joined(environment, " ");
}

std::string shown_time(WallTime time, WallTime now) {
  auto seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  auto today = std::chrono::system_clock::to_time_t(now);
  std::tm broken{}, broken_today{};
  ::localtime_r(&seconds, &broken);
  ::localtime_r(&today, &broken_today);
  bool same_day = broken.tm_yday == broken_today.tm_yday && broken.tm_year == broken_today.tm_year;
  auto date =
      same_day ? "" : std::format("{:04}-{:02}-{:02} ", broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday);
  auto milliseconds = (microseconds_of(time) / 1000) % 1000;
  return std::format("{}{:02}:{:02}:{:02}.{:03}", date, broken.tm_hour, broken.tm_min, broken.tm_sec, milliseconds);
}

std::int64_t microseconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

std::string to_text(const PastEvent& event) {
  auto text = std::format("{} #{} {}\n             ", shown_time(event.time), event.id,
                          shown_event(event.name, event.environment));
  if (event.outcome == "pending") text += "pending";
  else text += std::format("{} after {:.1f} ms", event.outcome, static_cast<double>(event.blocked.count()) / 1000);
  text += event.pid == 0 ? "; from init" : std::format("; from pid {} uid {}", event.pid, event.uid);
  if (!event.done.empty()) text += "; " + parts_joined(done_texts(event), ", ");
  return text + "\n";
}

Json to_json(const PastEvent& event) {
  return {{"id", event.id},
          {"name", event.name},
          {"env", event.environment},
          {"time", microseconds_of(event.time)},
          {"uid", event.uid},
          {"pid", event.pid},
          {"handlers", event.handlers},
          {"done", done_texts(event)},
          {"blocked", event.blocked.count()},
          {"outcome", event.outcome}};
}

} // namespace upstart::client
