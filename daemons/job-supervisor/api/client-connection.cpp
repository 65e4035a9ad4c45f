#include "daemons/job-supervisor/api/client-connection.hpp"

#include "daemons/job-supervisor/api/objects.hpp"
#include "daemons/job-supervisor/api/permissions.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <any>
#include <cstdlib>
#include <cstring>

namespace upstart::supervisor {

namespace {

// As many materialised objects as a connection keeps; more only while replies are owed.
constexpr std::size_t most_objects = 64;

sdbus::Error to_error(const CommandError& error) {
  return sdbus::Error{sdbus::Error::Name{error.name}, protocol::readable(error.message)};
}

char** to_strv(const std::vector<std::string>& strings) {
  auto** array = static_cast<char**>(std::calloc(strings.size() + 1, sizeof(char*)));
  for (std::size_t i = 0; array != nullptr && i < strings.size(); ++i) array[i] = ::strdup(strings[i].c_str());
  return array;
}

} // namespace

// A method call as it came in.
struct ClientConnection::Call {
  explicit Call(sd_bus_message* of)
      : message{of},
        path{text(sd_bus_message_get_path(of))},
        interface{text(sd_bus_message_get_interface(of))},
        member{text(sd_bus_message_get_member(of))} {}

  [[nodiscard]] bool is_introspection() const {
    return interface == "org.freedesktop.DBus.Introspectable" && member == "Introspect";
  }
  [[nodiscard]] bool is_set() const { return interface == "org.freedesktop.DBus.Properties" && member == "Set"; }
  // Which property a Get or Set is about: interface and name.
  [[nodiscard]] std::pair<std::string, std::string> property() const {
    const char *of = "", *name = "";
    sd_bus_message_read(message, "ss", &of, &name);
    std::pair<std::string, std::string> result{of, name};
    sd_bus_message_rewind(message, 1);
    return result;
  }
  [[nodiscard]] std::string variant_signature() const {
    const char* contents = nullptr;
    char kind = 0;
    sd_bus_message_skip(message, "ss");
    std::string signature =
        sd_bus_message_peek_type(message, &kind, &contents) > 0 && kind == 'v' ? text(contents) : "";
    sd_bus_message_rewind(message, 1);
    return signature;
  }
  // What the D-Bus library of the original's clients says, to the letter.
  [[nodiscard]] std::string unknown() const {
    return "Method \"" + member + "\" with signature \"" + text(sd_bus_message_get_signature(message, 1)) +
           "\" on interface \"" + interface + "\" doesn't exist\n";
  }

  sd_bus_message* message;
  std::string path, interface, member;

private:
  static std::string text(const char* string) { return string != nullptr ? string : ""; }
};

struct ClientConnection::Object {
  std::string path;
  std::unique_ptr<JobObject> job;
  std::unique_ptr<InstanceObject> instance;
  std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)> enumerator{nullptr, sd_bus_slot_unref};

  explicit Object(std::string of) : path{std::move(of)} {}
};

// The results of calls that are answered later. They belong to the connection and die with it; whoever is to answer
// holds no more than a number.
class ClientConnection::PendingReplies {
public:
  template <typename Result, typename Answer>
  Reply add(std::weak_ptr<PendingReplies> self, std::shared_ptr<Object> object, Result&& result, Answer answer) {
    auto number = next_++;
    auto kept = std::make_shared<std::decay_t<Result>>(std::forward<Result>(result));
    pending_.emplace(number,
                     [object = std::move(object), kept, answer](std::expected<std::string, CommandError> outcome) {
                       if (outcome) answer(*kept, *outcome);
                       else kept->returnError(to_error(outcome.error()));
                     });
    return [self = std::move(self), number](std::expected<std::string, CommandError> outcome) {
      if (auto alive = self.lock()) alive->give(number, std::move(outcome));
    };
  }

private:
  void give(std::uint64_t number, std::expected<std::string, CommandError> outcome) {
    auto node = pending_.extract(number);
    if (node.empty()) return;
    if (auto problem = base::send_if_connected([&] { node.mapped()(std::move(outcome)); }))
      spdlog::warn("a client gets no answer: {}", *problem);
  }
  std::uint64_t next_ = 0;
  std::unordered_map<std::uint64_t, Reply> pending_;
};

ClientConnection::ClientConnection(base::BusConnection& connection, Jobs& jobs,
                                   DaemonControl& control)
    : connection_{connection},
      jobs_{jobs},
      control_{control},
      replies_{std::make_shared<PendingReplies>()},
      manager_object_{std::make_unique<ManagerObject>(*this)},
      supervisor_object_{std::make_unique<SupervisorObject>(*this)} {
  sd_bus_slot* slot = nullptr;
  sd_bus_add_filter(
      connection_.raw(), &slot,
      [](sd_bus_message* message, void* self, sd_bus_error*) {
        return static_cast<ClientConnection*>(self)->filter(message);
      },
      this);
  slots_.emplace_back(slot, sd_bus_slot_unref);
  slot = nullptr;
  sd_bus_add_node_enumerator(
      connection_.raw(), &slot, protocol::path::jobs,
      [](sd_bus*, const char* path, void* self, char*** nodes, sd_bus_error*) {
        *nodes = to_strv(static_cast<ClientConnection*>(self)->children(path));
        return *nodes != nullptr ? 0 : -ENOMEM;
      },
      this);
  slots_.emplace_back(slot, sd_bus_slot_unref);
}

ClientConnection::~ClientConnection() {
  replies_.reset();
  by_path_.clear();
  objects_.clear();
}

int ClientConnection::refuse(sd_bus_message* message, const char* error, const std::string& text) {
  sd_bus_error problem = SD_BUS_ERROR_NULL;
  sd_bus_error_set(&problem, error, text.c_str());
  sd_bus_reply_method_error(message, &problem);
  sd_bus_error_free(&problem);
  return 1;
}

// Sees every message before any object does.
int ClientConnection::filter(sd_bus_message* message) {
  std::uint8_t type = 0;
  if (sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL) return 0;
  Call call{message};
  auto kind = kind_of(call.path);
  if (!kind) return outside(call);
  auto needed = permission_for(call.interface, call.member);
  if (needed && !control_.may_change(connection_.caller_of(message)))
    return refuse(message, protocol::error_name::permission_denied,
                  "You do not have permission to " + std::string{*needed});
  const auto& description = InterfaceDescription::of(*kind);
  bool exists = *kind == ObjectKind::manager || materialise(call.path);
  if (!exists || !has_member(call, description))
    return refuse(message, protocol::error_name::unknown_method, call.unknown());
  if (call.is_introspection()) return introspect(call, &description);
  return call.is_set() ? check_set(call, description) : 0;
}

// Besides the objects there are the folders that they lie in, which can be looked into, and nothing else; sd-bus by
// itself would say UnknownObject. A Ping is answered anywhere.
int ClientConnection::outside(const Call& call) {
  if (call.interface == "org.freedesktop.DBus.Peer") return 0;
  if (call.is_introspection() && call.path == protocol::path::jobs) return introspect(call, nullptr);
  auto inside = call.path == "/" ? call.path : call.path + "/";
  if (call.is_introspection() && std::string_view{protocol::path::manager}.starts_with(inside)) return 0;
  return refuse(call.message, protocol::error_name::unknown_method, call.unknown());
}

// The path is that of an object, or of a job that does not exist (any more).
std::optional<ObjectKind> ClientConnection::kind_of(const std::string& path) {
  if (path == protocol::path::manager) return ObjectKind::manager;
  if (!path.starts_with(std::string{protocol::path::jobs} + "/")) return std::nullopt;
  auto address = protocol::address_of_path(path);
  return address && address->instance ? ObjectKind::instance : ObjectKind::job;
}

bool ClientConnection::has_member(const Call& call, const InterfaceDescription& description) {
  if (call.interface.starts_with("org.freedesktop.DBus.")) {
    if (call.interface != "org.freedesktop.DBus.Properties" || call.member == "GetAll") return true;
    auto [interface, name] = call.property();
    return !description.has(interface) || description.property(interface, name) != nullptr;
  }
  return description.has_method(call.interface, call.member);
}

int ClientConnection::check_set(const Call& call, const InterfaceDescription& description) {
  auto [interface, name] = call.property();
  const auto* property = description.property(interface, name);
  if (property == nullptr) return 0;
  if (!property->writable)
    return refuse(call.message, protocol::error_name::access_denied, "Property " + name + " is read-only");
  if (call.variant_signature() == property->signature) return 0;
  return refuse(call.message, protocol::error_name::invalid_args, "Invalid arguments to " + name + " property");
}

int ClientConnection::introspect(const Call& call, const InterfaceDescription* description) {
  std::vector<std::string> names;
  if (call.path == protocol::path::manager) names.emplace_back("jobs");
  for (const auto& child : children(call.path)) names.push_back(child.substr(child.rfind('/') + 1));
  auto text = description != nullptr ? description->document(call.path, names)
                                     : InterfaceDescription::document_of_folder(names);
  sd_bus_reply_method_return(call.message, "s", text.c_str());
  return 1;
}

bool ClientConnection::materialise(const std::string& path) {
  auto address = protocol::address_of_path(path);
  bool exists = address && (address->instance ? jobs_.classes().find(address->job, *address->instance) != nullptr
                                              : jobs_.classes().find(address->job) != nullptr);
  if (!exists) {
    forget(path);
    return false;
  }
  if (by_path_.contains(path)) return true;
  make_room();
  auto object = std::make_shared<Object>(path);
  if (address->instance) {
    object->instance = std::make_unique<InstanceObject>(*this, address->job, *address->instance, true);
  } else {
    object->job = std::make_unique<JobObject>(*this, address->job, true);
    sd_bus_slot* slot = nullptr;
    sd_bus_add_node_enumerator(
        connection_.raw(), &slot, path.c_str(),
        [](sd_bus*, const char* of, void* self, char*** nodes, sd_bus_error*) {
          *nodes = to_strv(static_cast<ClientConnection*>(self)->children(of));
          return *nodes != nullptr ? 0 : -ENOMEM;
        },
        this);
    object->enumerator.reset(slot);
  }
  objects_.push_back(std::move(object));
  by_path_.emplace(path, std::prev(objects_.end()));
  return true;
}

// An object that owes a reply stays; no call reaches it once its job has gone.
void ClientConnection::forget(const std::string& path) {
  auto found = by_path_.find(path);
  if (found == by_path_.end() || found->second->use_count() > 1) return;
  objects_.erase(found->second);
  by_path_.erase(found);
}

void ClientConnection::make_room() {
  if (objects_.size() < most_objects) return;
  auto idle = std::ranges::find_if(objects_, [](const auto& object) { return object.use_count() == 1; });
  if (idle != objects_.end()) forget(std::string{(*idle)->path});
}

std::shared_ptr<ClientConnection::Object> ClientConnection::object_at(const std::string& path) {
  auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : *found->second;
}

std::vector<std::string> ClientConnection::children(const std::string& path) {
  std::vector<std::string> paths;
  if (path == protocol::path::jobs) {
    for (const auto& [name, _] : jobs_.classes().all()) paths.push_back(protocol::job_path(name));
  } else if (auto address = protocol::address_of_path(path); address && !address->instance) {
    if (auto* entry = jobs_.classes().find(address->job))
      for (const auto& [instance, _] : entry->instances())
        paths.push_back(protocol::instance_path(address->job, instance));
  }
  return paths;
}

base::Caller ClientConnection::caller(const sdbus::IObject& object) {
  return connection_.caller_of(object.getCurrentlyProcessedMessage());
}

Reply ClientConnection::reply_later(const sdbus::IObject& called, sdbus::Result<sdbus::ObjectPath>&& result) {
  return replies_->add(replies_, object_at(called.getObjectPath()), std::move(result),
                       [](auto& kept, const std::string& path) { kept.returnResults(sdbus::ObjectPath{path}); });
}
Reply ClientConnection::reply_later(const sdbus::IObject& called, sdbus::Result<>&& result) {
  return replies_->add(replies_, object_at(called.getObjectPath()), std::move(result),
                       [](auto& kept, const std::string&) { kept.returnResults(); });
}

// Said once for each connection: one that does not read any more misses very many.
void ClientConnection::send_signal(const std::function<void()>& send) {
  auto problem = base::send_if_connected(send);
  if (problem && !std::exchange(misses_signals_, true))
    spdlog::warn("a client is not told of what happens: {}", *problem);
}
// One function for each kind of notice: the signal that tells it.
struct ClientConnection::Signals {
  ClientConnection& client;

  void operator()(const notice::JobAdded& added) const {
    manager().emitJobAdded(sdbus::ObjectPath{protocol::job_path(added.job)});
  }
  void operator()(const notice::JobRemoved& removed) const {
    manager().emitJobRemoved(sdbus::ObjectPath{protocol::job_path(removed.job)});
  }
  void operator()(const notice::InstanceAdded& added) const {
    of(added.job).emitInstanceAdded(path_of(added));
  }
  void operator()(const notice::InstanceRemoved& removed) const {
    of(removed.job).emitInstanceRemoved(path_of(removed));
  }
  void operator()(const notice::GoalChanged& changed) const {
    of_instance(changed).emitGoalChanged(std::string{name_of(changed.goal)});
  }
  void operator()(const notice::StateChanged& changed) const {
    of_instance(changed).emitStateChanged(std::string{name_of(changed.state)});
  }
  void operator()(const notice::Failed& failed) const { of_instance(failed).emitFailed(failed.status); }
  void operator()(const notice::EventEmitted& event) const {
    manager().emitEventEmitted(protocol::readable(event.name), protocol::readable(event.environment.strings()));
  }
  void operator()(const notice::ConditionsChanged& changed) const {
    client.supervisor_object_->emitConditionsChanged(protocol::escaped(changed.event), protocol::escaped(changed.job),
                                                     protocol::escaped(postfix(changed.start_on)),
                                                     protocol::escaped(postfix(changed.stop_on)));
  }
  void operator()(const notice::ActivityChanged& changed) const {
    client.supervisor_object_->emitActivityChanged(protocol::escaped(changed.job),
                                                   static_cast<std::uint32_t>(changed.active));
  }
  void operator()(const notice::SessionEnded&) const {}

private:
  [[nodiscard]] ManagerObject& manager() const { return *client.manager_object_; }
  [[nodiscard]] JobObject of(const std::string& job) const { return JobObject{client, job, false}; }
  [[nodiscard]] InstanceObject of_instance(const auto& notice) const {
    return InstanceObject{client, notice.job, notice.instance, false};
  }
  static sdbus::ObjectPath path_of(const auto& notice) {
    return sdbus::ObjectPath{protocol::instance_path(notice.job, notice.instance)};
  }
};

void ClientConnection::tell(const Notice& notice) {
  send_signal([&] { std::visit(Signals{*this}, notice); });
}

void ClientConnection::bus_address_changed() {
  send_signal([&] {
    supervisor_object_->getObject().emitPropertiesChangedSignal(SupervisorObject::INTERFACE_NAME,
                                                                {sdbus::PropertyName{"bus_address"}});
  });
}

} // namespace upstart::supervisor
