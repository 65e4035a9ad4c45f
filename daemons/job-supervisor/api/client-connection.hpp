// One client connection (a peer, or the bus) and the public objects on it. Job and instance objects are made when a
// path is first addressed, so a connection costs nothing per job; a few are kept, the rest are made again. Checks who
// may call what before any object sees the call.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/job-supervisor/api/interface-description.hpp"
#include "daemons/job-supervisor/jobs/jobs.hpp"

#include <functional>
#include <list>
#include <unordered_map>

namespace upstart::supervisor {

// What the public interface needs of the daemon as a whole.
class DaemonControl {
public:
  virtual ~DaemonControl() = default;
  virtual void reload_configuration() = 0;
  [[nodiscard]] virtual std::string state_as_json() = 0;
  virtual void restart() = 0;
  virtual void logs_writable() = 0;
  // The error is the reason why not.
  virtual std::expected<void, CommandError> join_bus(const std::string& address) = 0;
  virtual void end_session() = 0;
  [[nodiscard]] virtual std::string log_priority() const = 0;
  [[nodiscard]] virtual bool set_log_priority(const std::string& priority) = 0;
  [[nodiscard]] virtual std::string bus_address() const = 0;
  [[nodiscard]] virtual std::string event_broker_address() const = 0;
  [[nodiscard]] virtual std::string log_directory() const = 0; // empty: jobs are not logged
  // Everyone may look; changing is for root and, in a session, its own user.
  [[nodiscard]] virtual bool may_change(const base::Caller& caller) const = 0;
  [[nodiscard]] virtual bool is_process_1() const = 0;
};

class ClientConnection {
public:
  // The connection outlives this.
  ClientConnection(base::BusConnection& connection, Jobs& jobs, DaemonControl& control);
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;
  ~ClientConnection();

  [[nodiscard]] base::BusConnection& connection() { return connection_; }

  // Sends the signal that belongs to it, whether or not its object was ever addressed.
  void tell(const Notice& notice);
  void bus_address_changed();

  // For the objects.
  [[nodiscard]] Jobs& jobs() { return jobs_; }
  [[nodiscard]] DaemonControl& control() { return control_; }
  [[nodiscard]] base::Caller caller(const sdbus::IObject& object);
  // A reply that is given when the job has got there, or never, if the client has gone by then. The object that was
  // called stays until then: sd-bus compares the reply with the signature that the object's table has.
  [[nodiscard]] Reply reply_later(const sdbus::IObject& called, sdbus::Result<sdbus::ObjectPath>&& result);
  [[nodiscard]] Reply reply_later(const sdbus::IObject& called, sdbus::Result<>&& result);

private:
  struct Object; // a materialised job or instance
  class PendingReplies;
  struct Signals;

  struct Call;
  int filter(sd_bus_message* message);
  int outside(const Call& call);
  static std::optional<ObjectKind> kind_of(const std::string& path);
  static bool has_member(const Call& call, const InterfaceDescription& description);
  int check_set(const Call& call, const InterfaceDescription& description);
  int introspect(const Call& call, const InterfaceDescription* description);
  void send_signal(const std::function<void()>& send);
  int refuse(sd_bus_message* message, const char* error, const std::string& text);
  bool materialise(const std::string& path);
  void forget(const std::string& path);
  void make_room();
  std::shared_ptr<Object> object_at(const std::string& path);
  std::vector<std::string> children(const std::string& path);

  base::BusConnection& connection_;
  Jobs& jobs_;
  DaemonControl& control_;
  std::shared_ptr<PendingReplies> replies_;
  std::unique_ptr<class ManagerObject> manager_object_;
  std::unique_ptr<class SupervisorObject> supervisor_object_;
  std::list<std::shared_ptr<Object>> objects_; // least recently made first; shared with the replies they owe
  std::unordered_map<std::string, std::list<std::shared_ptr<Object>>::iterator> by_path_;
  bool misses_signals_ = false;
  std::vector<std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)>> slots_;
};

} // namespace upstart::supervisor
