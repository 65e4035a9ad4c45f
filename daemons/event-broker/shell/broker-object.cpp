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

// As many events as somebody is told of who may not emit any.
constexpr std::size_t most_for_others = 256;

std::string token_of(const base::Caller& caller, const std::string& token) {
  constexpr std::size_t longest = 100;
  if (token.size() > longest)
    throw error_of({protocol::error_name::invalid_args, "Token may not be longer than 100 bytes"});
  return token.empty() ? token : std::to_string(caller.uid) + " " + token;
}

std::map<std::string, sdbus::Variant> described(const Remembered& event, bool with_env) {
  return {{"id", sdbus::Variant{event.id}},
          {"name", sdbus::Variant{event.name}},
          {"env", sdbus::Variant{with_env ? event.env : std::vector<std::string>{}}},
          {"time", sdbus::Variant{event.time}},
          {"uid", sdbus::Variant{static_cast<std::uint32_t>(event.emitter.uid)}},
          {"pid", sdbus::Variant{static_cast<std::uint32_t>(event.emitter.pid)}},
          {"handlers", sdbus::Variant{event.handlers}},
          {"done", sdbus::Variant{protocol::job_actions_to_wire<WireActions::value_type>(event.done)}},
          {"blocked", sdbus::Variant{event.blocked}},
          {"outcome", sdbus::Variant{std::string{name_of(event.outcome)}}}};
}

bool may_handle(const Permissions& permissions, const base::Caller& caller, bool on_own_socket) {
  return permissions.handle(caller, on_own_socket);
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

template <typename May> Origin BrokerObject::permitted(const char* operation, May may) {
  auto from = origin();
  if (!may(requests_.permissions, from.caller, connection_.is_peer())) throw refused(operation);
  return from;
}

Origin BrokerObject::permitted(const char* operation) {
  return permitted(operation, [](const Permissions& permissions, const auto& caller, bool) {
    return permissions.everything(caller);
  });
}

uint64_t BrokerObject::Emit(const std::string& name, const std::vector<std::string>& env,
                            const std::vector<sdbus::UnixFd>& files) {
  return EmitOnce(name, env, files, "");
}

uint64_t BrokerObject::EmitOnce(const std::string& name, const std::vector<std::string>& env,
                                const std::vector<sdbus::UnixFd>& files, const std::string& token) {
  auto caller = permitted("emit an event", [&](const Permissions& permissions, const auto& who, bool on_own_socket) {
                  return permissions.emit(who, on_own_socket, name);
                }).caller;
  return value_or_throw(requests_.events.emit({.name = name,
                                               .env = env,
                                               .emitter = {.uid = caller.uid, .pid = caller.pid},
                                               .files = static_cast<unsigned>(files.size()),
                                               .token = token_of(caller, token)},
                                              duplicates_of(files)));
}

uint64_t BrokerObject::EmitFor(const std::string& name, const std::vector<std::string>& env,
                               const std::vector<sdbus::UnixFd>& files, const uint32_t& uid, const uint32_t& pid,
                               const std::string& token) {
  constexpr const char* operation = "emit an event for somebody else";
  if (!connection_.is_peer()) throw refused(operation);
  auto caller = permitted(operation).caller;
  return value_or_throw(requests_.events.emit({.name = name,
                                               .env = env,
                                               .emitter = {.uid = uid, .pid = static_cast<pid_t>(pid)},
                                               .files = static_cast<unsigned>(files.size()),
                                               .token = token_of(caller, token)},
                                              duplicates_of(files)));
}

void BrokerObject::WaitFor(sdbus::Result<bool>&& result, uint64_t id) {
  auto outcome = requests_.events.wait(session_, id, result);
  if (!outcome) result.returnError(error_of(outcome.error()));
}

std::vector<std::string> BrokerObject::Attach(const std::string& handler, const std::vector<std::string>& events) {
  auto from = permitted("handle events", [&](const Permissions& permissions, const auto& caller, bool on_own_socket) {
    return permissions.attach_as(caller, on_own_socket, handler);
  });
  return value_or_throw(requests_.events.attach(from, handler, events, "")).wanted_by_others;
}

std::tuple<std::vector<std::string>, std::vector<uint64_t>>
BrokerObject::AttachWithTicket(const std::string& handler, const std::vector<std::string>& events,
                               const std::string& ticket) {
  auto attached = value_or_throw(requests_.events.attach(permitted("handle events"), handler, events, ticket));
  return {std::move(attached.wanted_by_others), std::move(attached.unfinished)};
}

void BrokerObject::Listen(const std::vector<std::string>& emitted, const std::vector<std::string>& finished) {
  value_or_throw(requests_.events.listen(permitted("hear of events"), emitted, finished));
}

void BrokerObject::Subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) {
  value_or_throw(requests_.events.subscribe(permitted("handle events", may_handle), add, remove));
}

void BrokerObject::Finished(const uint64_t& id, const bool& failed, const WireActions& done) {
  requests_.events.finished(permitted("finish an event", may_handle), id, failed,
                            protocol::job_actions_from_wire(done));
}

void BrokerObject::Record(const std::string& name, const std::vector<std::string>& env, const uint32_t& uid,
                          const uint32_t& pid) {
  requests_.events.record(permitted("record an event"), name, env, {.uid = uid, .pid = static_cast<pid_t>(pid)});
}

void BrokerObject::RecordAll(
    const std::vector<sdbus::Struct<std::string, std::vector<std::string>, uint32_t, uint32_t>>& events) {
  for (const auto& event : events) Record(event.get<0>(), event.get<1>(), event.get<2>(), event.get<3>());
}

// What events carry is for those who may emit them; others get no more than costs little.
std::vector<sdbus::Struct<uint64_t, std::string, std::vector<std::string>, std::vector<std::string>>>
BrokerObject::ListPending() {
  std::vector<sdbus::Struct<uint64_t, std::string, std::vector<std::string>, std::vector<std::string>>> list;
  bool all = requests_.permissions.everything(origin().caller);
  for (auto& [event, blocked_by] : requests_.events.queue().pending(all ? 0 : most_for_others))
    list.emplace_back(event->id, event->name, all ? event->env : std::vector<std::string>{}, std::move(blocked_by));
  return list;
}

std::vector<std::map<std::string, sdbus::Variant>> BrokerObject::History(const uint32_t& count) {
  std::vector<std::map<std::string, sdbus::Variant>> list;
  auto caller = origin().caller;
  bool with_env = requests_.permissions.everything(caller);
  bool all = requests_.permissions.whole_history(caller, connection_.is_peer());
  std::size_t most = all || (count > 0 && count < most_for_others) ? count : most_for_others;
  for (const auto* event : requests_.events.queue().history().last(most)) list.push_back(described(*event, with_env));
  return list;
}

void BrokerObject::JoinBus(const std::string& address) {
  static_cast<void>(permitted("make the event broker join a bus"));
  value_or_throw(requests_.buses.join_bus(address));
}

uint32_t BrokerObject::pending() { return static_cast<uint32_t>(requests_.events.queue().pending_count()); }

sdbus::Signal BrokerObject::signal_to(const std::string& destination, const char* name) {
  auto signal = getObject().createSignal(sdbus::InterfaceName{INTERFACE_NAME}, sdbus::SignalName{name});
  if (!destination.empty()) signal.setDestination(destination);
  return signal;
}

void BrokerObject::tell_interest(const std::string& destination, const std::vector<std::string>& wanted_by_others) {
  auto signal = signal_to(destination, "InterestChanged");
  signal << wanted_by_others;
  getObject().emitSignal(signal);
}

void BrokerObject::tell_emitted(const std::string& destination, const Event& event) {
  auto signal = signal_to(destination, "EventEmitted");
  signal << event.id << event.name << event.env;
  getObject().emitSignal(signal);
}

void BrokerObject::tell_finished(const std::string& destination, const Event& event, bool failed) {
  auto signal = signal_to(destination, "EventFinished");
  signal << event.id << event.name << event.env << failed;
  getObject().emitSignal(signal);
}

void BrokerObject::tell_displaced(const std::string& destination, const std::string& handler) {
  auto signal = signal_to(destination, "Displaced");
  signal << handler;
  getObject().emitSignal(signal);
}

} // namespace upstart::broker
