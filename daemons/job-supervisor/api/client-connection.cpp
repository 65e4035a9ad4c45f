#include "daemons/job-supervisor/api/client-connection.hpp"

#include "daemons/job-supervisor/api/permissions.hpp"
#include "protocol/names.hpp"

#include <cerrno>
#include <utility>

namespace upstart::supervisor {

namespace {

int refuse(sd_bus_message* message, const char* error, const std::string& text) {
  sd_bus_error problem = SD_BUS_ERROR_NULL;
  sd_bus_error_set(&problem, error, text.c_str());
  sd_bus_reply_method_error(message, &problem);
  sd_bus_error_free(&problem);
  return 1;
}

// The path is that of an object, or of a job that does not exist (any more).
std::optional<ObjectKind> kind_of(const std::string& path) {
  if (path == protocol::path::manager) return ObjectKind::manager;
  if (!path.starts_with(std::string{protocol::path::jobs} + "/")) return std::nullopt;
  auto address = protocol::address_of_path(path);
  return address && address->instance ? ObjectKind::instance : ObjectKind::job;
}

bool has_member(const MethodCall& call, const InterfaceDescription& description) {
  if (call.interface.starts_with("org.freedesktop.DBus.")) {
    if (call.interface != "org.freedesktop.DBus.Properties" || call.member == "GetAll") return true;
    auto [interface, name] = call.property();
    return !description.has(interface) || description.property(interface, name) != nullptr;
  }
  return description.has_method(call.interface, call.member);
}

} // namespace

ClientConnection::ClientConnection(base::BusConnection& connection, Jobs& jobs, DaemonControl& control)
    : client_{connection, jobs, control, [this](const std::string& path) { return objects_.find(path); }},
      listener_{connection} {
  connection.serve_client();
  add_filter();
  add_enumerator();
}

void ClientConnection::add_filter() {
  sd_bus_slot* slot = nullptr;
  sd_bus_add_filter(
      client_.connection().raw(), &slot,
      [](sd_bus_message* message, void* self, sd_bus_error*) {
        return static_cast<ClientConnection*>(self)->filter(message);
      },
      this);
  slots_.emplace_back(slot, sd_bus_slot_unref);
}

void ClientConnection::add_enumerator() {
  sd_bus_slot* slot = nullptr;
  sd_bus_add_node_enumerator(
      client_.connection().raw(), &slot, protocol::path::jobs,
      [](sd_bus*, const char* path, void* self, char*** nodes, sd_bus_error*) {
        *nodes = to_strv(static_cast<ClientConnection*>(self)->objects_.children(path));
        return *nodes != nullptr ? 0 : -ENOMEM;
      },
      this);
  slots_.emplace_back(slot, sd_bus_slot_unref);
}

// Sees every message before any object does.
int ClientConnection::filter(sd_bus_message* message) {
  if (!client_.connection().takes(message)) return 1;
  std::uint8_t type = 0;
  if (sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL) return 0;
  MethodCall call{message};
  settle_for(call);
  if (hold(call)) return 1;
  listener_.has_called();
  auto kind = kind_of(call.path);
  if (!kind) return outside(call);
  auto needed = permission_for(call.interface, call.member);
  if (needed && !may(call, client_.connection().caller_of(message)))
    return refuse(message, protocol::error_name::permission_denied,
                  "You do not have permission to " + std::string{*needed});
  const auto& description = InterfaceDescription::of(*kind);
  bool exists = *kind == ObjectKind::manager || objects_.make(call.path);
  if (!exists && call.reads_properties() && *kind == ObjectKind::instance)
    listener_.has_read(call.path, call.sender(), false);
  if (!exists || !has_member(call, description))
    return refuse(message, protocol::error_name::unknown_method, call.unknown());
  if (call.is_introspection()) return introspect(call, &description);
  if (call.reads_properties()) listener_.has_read(call.path, call.sender(), true);
  return call.is_set() ? check_set(call, description) : 0;
}

// What is read of the manager is in no file, and what is read of a job in those of that job.
void ClientConnection::settle_for(const MethodCall& call) {
  if (!call.reads_properties()) return client_.control().settle_configuration();
  if (call.path == protocol::path::manager) return client_.control().settle_job({});
  auto address = protocol::address_of_path(call.path);
  if (address && !address->job.empty()) client_.control().settle_job(address->job);
  else client_.control().settle_configuration();
}

bool ClientConnection::hold(const MethodCall& call) {
  constexpr std::size_t most = 1024;
  bool starts = call.member.starts_with("Start") || call.member.starts_with("Restart");
  if (!client_.control().holds_starts() || (held_.empty() && !starts)) return false;
  if (held_.size() < most) held_.emplace_back(sd_bus_message_ref(call.message), sd_bus_message_unref);
  else refuse(call.message, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many calls before the sockets of jobs are there");
  return true;
}

void ClientConnection::take_held_calls() {
  auto& connection = client_.connection();
  for (const auto& message : std::exchange(held_, {})) sd_bus_enqueue_for_read(connection.raw(), message.get());
  connection.has_sent(); // the library's own timeout tells that there is something to handle
}

// The user of bridges counts on the daemon's own socket alone.
bool ClientConnection::may(const MethodCall& call, const base::Caller& caller) {
  if (client_.connection().is_peer() && is_for_bridges(call.member)) return client_.control().may_bridge(caller);
  return client_.control().may_change(caller);
}

// Besides the objects there are the folders that they lie in, which can be looked into, and nothing else; sd-bus by
// itself would say UnknownObject. A Ping is answered anywhere.
int ClientConnection::outside(const MethodCall& call) {
  if (call.interface == "org.freedesktop.DBus.Peer") return 0;
  if (call.is_introspection() && call.path == protocol::path::jobs) return introspect(call, nullptr);
  auto inside = call.path == "/" ? call.path : call.path + "/";
  if (call.is_introspection() && std::string_view{protocol::path::manager}.starts_with(inside)) return 0;
  return refuse(call.message, protocol::error_name::unknown_method, call.unknown());
}

int ClientConnection::check_set(const MethodCall& call, const InterfaceDescription& description) {
  auto [interface, name] = call.property();
  const auto* property = description.property(interface, name);
  if (property == nullptr) return 0;
  if (!property->writable)
    return refuse(call.message, protocol::error_name::access_denied, "Property " + name + " is read-only");
  if (call.variant_signature() == property->signature) return 0;
  return refuse(call.message, protocol::error_name::invalid_args, "Invalid arguments to " + name + " property");
}

int ClientConnection::introspect(const MethodCall& call, const InterfaceDescription* description) {
  std::vector<std::string> names;
  if (call.path == protocol::path::manager) names.emplace_back("jobs");
  for (const auto& child : objects_.children(call.path)) names.push_back(child.substr(child.rfind('/') + 1));
  auto text = description != nullptr ? description->document(call.path, names)
                                     : InterfaceDescription::document_of_folder(names);
  client_.connection().note_answer(text.size());
  sd_bus_reply_method_return(call.message, "s", text.c_str());
  return 1;
}

} // namespace upstart::supervisor
