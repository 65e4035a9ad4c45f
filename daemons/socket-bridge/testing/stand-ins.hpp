// Stand-ins for the bridge's neighbours, on their real sockets in a run directory: a job supervisor that tells what a
// test says, a broker that notes what is emitted, a manager that keeps descriptors.
#pragma once

#include "daemons/base/peer.hpp"
#include "daemons/base/service-manager.hpp"
#include "generated/EventBroker1-stub.hpp"
#include "generated/JobSupervisor1-stub.hpp"
#include "protocol/names.hpp"

#include <sdbus-c++/StandardInterfaces.h>

#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace upstart::bridge::testing {

using Postfix = std::vector<std::vector<std::string>>;

// Serves one object to every client that connects to a daemon's address.
template <typename Object> class StandIn {
public:
  StandIn(base::EventLoop& loop, const std::string& run_directory, const char* name, typename Object::Owner& owner)
      : server_{loop, *base::listen_at(protocol::daemon_address(run_directory, name)), [this, &owner](auto connection) {
                  auto place = clients_.emplace(clients_.end());
                  place->connection = std::move(connection);
                  place->object = std::make_unique<Object>(place->connection->sdbus(), owner);
                  place->connection->on_disconnected([this, place] {
                    place->object.reset();
                    clients_.erase(place);
                  });
                }} {}
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;
  ~StandIn() {
    for (auto& client : clients_) client.object.reset();
  }

  // A client that has hung up, and of which the loop has not yet told, is passed over.
  void for_each(const auto& action) {
    for (auto& client : clients_) {
      try {
        action(*client.object);
      } catch (const sdbus::Error&) { continue; }
    }
  }

private:
  struct Client {
    std::unique_ptr<base::BusConnection> connection;
    std::unique_ptr<Object> object;
  };
  std::list<Client> clients_;
  base::PeerServer server_;
};

class Supervisor {
public:
  struct Job {
    Postfix start_on;
    Postfix stop_on;
    unsigned active = 0;
  };

  Supervisor(base::EventLoop& loop, const std::string& run_directory) : loop_{loop}, run_directory_{run_directory} {
    come();
  }

  // The process comes and goes; what the test said stays.
  void come() { serving_.emplace(loop_, run_directory_, protocol::socket_name::supervisor, *this); }
  void go() { serving_.reset(); }

  // Before the bridge asks: what it will be told. Afterwards: told at once.
  void set_job(const std::string& name, Postfix start_on, Postfix stop_on = {});
  void remove_job(const std::string& name);
  void set_active(const std::string& name, unsigned active);
  void set_bus_address(const std::string& address);

  [[nodiscard]] int times_asked() const { return times_asked_; }

private:
  class Object;
  friend class StandIn<Object>;
  class Object final
      : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::JobSupervisor1_stub, sdbus::Properties_adaptor> {
  public:
    using Owner = Supervisor;
    Object(sdbus::IConnection& connection, Supervisor& owner)
        : AdaptorInterfaces(connection, sdbus::ObjectPath{protocol::path::job_supervisor}), owner_{owner} {
      registerAdaptor();
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    ~Object() { unregisterAdaptor(); }

  private:
    std::vector<sdbus::Struct<std::string, Postfix, Postfix, uint32_t>>
    WatchConditions(const std::string& event) override;
    std::string bus_address() override { return owner_.bus_address_; }
    Supervisor& owner_;
  };

  base::EventLoop& loop_;
  std::string run_directory_;
  std::map<std::string, Job> jobs_;
  std::string bus_address_;
  int times_asked_ = 0;
  std::optional<StandIn<Object>> serving_;
};

class Broker {
public:
  struct Event {
    std::string name;
    std::vector<std::string> env;
    std::vector<base::FileDescriptor> files;
    std::optional<bool> failed; // once finished
    std::vector<sdbus::Result<bool>> waiting;
    int times_waited_for = 0;
  };

  Broker(base::EventLoop& loop, const std::string& run_directory) : loop_{loop}, run_directory_{run_directory} {
    come();
  }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker() { go(); }
  void come() { serving_.emplace(loop_, run_directory_, protocol::socket_name::broker, *this); }
  void go();

  // Events are numbered from 1, as they come.
  [[nodiscard]] std::size_t count() const { return events_.size(); }
  [[nodiscard]] Event& event(std::size_t id) { return events_.at(id - 1); }
  void finish(std::size_t id, bool failed);
  // Emit is answered with PermissionDenied.
  void refuse(bool all) { refusing_ = all; }
  [[nodiscard]] int refused() const { return refused_; }

private:
  class Object;
  friend class StandIn<Object>;
  class Object final : public sdbus::AdaptorInterfaces<com::ubuntu::Upstart::EventBroker1_stub> {
  public:
    using Owner = Broker;
    Object(sdbus::IConnection& connection, Broker& owner)
        : AdaptorInterfaces(connection, sdbus::ObjectPath{protocol::path::event_broker}), owner_{owner} {
      registerAdaptor();
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    ~Object() { unregisterAdaptor(); }

  private:
    uint64_t Emit(const std::string& name, const std::vector<std::string>& env,
                  const std::vector<sdbus::UnixFd>& files) override;
    void WaitFor(sdbus::Result<bool>&& result, uint64_t id) override;
    Broker& owner_;
  };

  base::EventLoop& loop_;
  std::string run_directory_;
  std::vector<Event> events_;
  bool refusing_ = false;
  int refused_ = 0;
  std::optional<StandIn<Object>> serving_;
};

// The receiving end of NOTIFY_SOCKET.
class Manager {
public:
  Manager(base::EventLoop& loop, const std::string& directory);

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] bool was_told(const std::string& line) const;
  void forget_what_was_told() { told_.clear(); }
  [[nodiscard]] const std::map<std::string, base::FileDescriptor>& kept() const { return kept_; }

private:
  void receive();
  void note(const std::string& message, base::FileDescriptor fd);

  std::string address_;
  base::FileDescriptor fd_;
  std::vector<std::string> told_;
  std::map<std::string, base::FileDescriptor> kept_;
  base::FdWatcher watcher_;
};

} // namespace upstart::bridge::testing
