#include "daemons/event-broker/shell/broker-object.hpp"

#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

namespace upstart::broker {

namespace {

sdbus::Error error_of(const Fault& fault) { return {sdbus::Error::Name{fault.name}, fault.message}; }

template <typename Value> Value value_or_throw(std::expected<Value, Fault> result) {
  if (!result) throw error_of(result.error());
  if constexpr (!std::is_void_v<Value>) return std::move(*result);
}

std::map<std::string, sdbus::Variant> described(const Remembered& event) {
  return {{"id", sdbus::Variant{event.id}},
          {"name", sdbus::Variant{event.name}},
          {"env", sdbus::Variant{event.env}},
          {"time", sdbus::Variant{event.time}},
          {"uid", sdbus::Variant{static_cast<std::uint32_t>(event.emitter.uid)}},
          {"pid", sdbus::Variant{static_cast<std::uint32_t>(event.emitter.pid)}},
          {"handlers", sdbus::Variant{event.handlers}},
          {"done", sdbus::Variant{protocol::job_actions_to_wire<WireActions::value_type>(event.done)}},
          {"blocked", sdbus::Variant{event.blocked}},
          {"outcome", sdbus::Variant{std::string{name_of(event.outcome)}}}};
}

sdbus::Error refused(const char* operation) {
  return error_of({protocol::error_name::permission_denied, std::string{"You do not have permission to "} + operation});
}

Descriptors::Files duplicates_of(const std::vector<sdbus::UnixFd>& files) {
  Descriptors::Files result;
  for (const auto& file : files) {
    base::FileDescriptor copy{::fcntl(file.get(), F_DUPFD_CLOEXEC, 3)};
    if (!copy) throw error_of({protocol::error_name::limits_exceeded, "The event broker has no descriptor left"});
    result.push_back(std::move(copy));
  }
  return result;
}

} // namespace

BrokerObject::BrokerObject(Requests requests, Session& session, base::BusConnection& connection)
    : AdaptorInterfaces(connection.sdbus(), sdbus::ObjectPath{protocol::path::event_broker}),
      requests_{requests},
      session_{session},
      connection_{connection} {
  registerAdaptor();
}

BrokerObject::~BrokerObject() { unregisterAdaptor(); }

Origin BrokerObject::origin() {
  auto message = getObject().getCurrentlyProcessedMessage();
  const char* sender = connection_.is_peer() ? nullptr : message.getSender();
  return {.session = session_, .sender = sender == nullptr ? "" : sender, .caller = connection_.caller_of(message)};
}

Origin BrokerObject::permitted(const char* operation) {
  auto from = origin();
  if (from.caller.uid != 0 && from.caller.uid != ::geteuid()) throw refused(operation);
  return from;
}

uint64_t BrokerObject::Emit(const std::string& name, const std::vector<std::string>& env,
                            const std::vector<sdbus::UnixFd>& files) {
  auto from = permitted("emit an event");
  return value_or_throw(
      requests_.events.emit({.uid = from.caller.uid, .pid = from.caller.pid}, name, env, duplicates_of(files)));
}

uint64_t BrokerObject::EmitFor(const std::string& name, const std::vector<std::string>& env,
                               const std::vector<sdbus::UnixFd>& files, const uint32_t& uid, const uint32_t& pid) {
  constexpr const char* operation = "emit an event for somebody else";
  if (!connection_.is_peer()) throw refused(operation);
  static_cast<void>(permitted(operation));
  return value_or_throw(
      requests_.events.emit({.uid = uid, .pid = static_cast<pid_t>(pid)}, name, env, duplicates_of(files)));
}

void BrokerObject::WaitFor(sdbus::Result<bool>&& result, uint64_t id) {
  auto outcome = requests_.events.wait(session_, id, result);
  if (!outcome) result.returnError(error_of(outcome.error()));
}

std::vector<std::string> BrokerObject::Attach(const std::string& handler, const std::vector<std::string>& events) {
  return value_or_throw(requests_.events.attach(permitted("handle events"), handler, events));
}

void BrokerObject::Subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) {
  value_or_throw(requests_.events.subscribe(permitted("handle events"), add, remove));
}

void BrokerObject::Finished(const uint64_t& id, const bool& failed, const WireActions& done) {
  requests_.events.finished(permitted("finish an event"), id, failed, protocol::job_actions_from_wire(done));
}

void BrokerObject::Record(const std::string& name, const std::vector<std::string>& env, const uint32_t& uid,
                          const uint32_t& pid) {
  requests_.events.record(permitted("record an event"), name, env, {.uid = uid, .pid = static_cast<pid_t>(pid)});
}

std::vector<sdbus::Struct<uint64_t, std::string, std::vector<std::string>, std::vector<std::string>>>
BrokerObject::ListPending() {
  std::vector<sdbus::Struct<uint64_t, std::string, std::vector<std::string>, std::vector<std::string>>> list;
  for (auto& [event, blocked_by] : requests_.events.queue().pending())
    list.emplace_back(event->id, event->name, event->env, std::move(blocked_by));
  return list;
}

std::vector<std::map<std::string, sdbus::Variant>> BrokerObject::History(const uint32_t& count) {
  std::vector<std::map<std::string, sdbus::Variant>> list;
  for (const auto* event : requests_.events.queue().history().last(count)) list.push_back(described(*event));
  return list;
}

void BrokerObject::JoinBus(const std::string& address) {
  static_cast<void>(permitted("make the event broker join a bus"));
  value_or_throw(requests_.buses.join_bus(address));
}

uint32_t BrokerObject::pending() { return static_cast<uint32_t>(requests_.events.queue().pending_count()); }

void BrokerObject::tell_interest(const std::string& destination, const std::vector<std::string>& wanted_by_others) {
  auto signal = getObject().createSignal(sdbus::InterfaceName{INTERFACE_NAME}, sdbus::SignalName{"InterestChanged"});
  if (!destination.empty()) signal.setDestination(destination);
  signal << wanted_by_others;
  getObject().emitSignal(signal);
}

} // namespace upstart::broker
