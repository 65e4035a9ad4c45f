// Stand-ins for a bridge's neighbours, on their real sockets in a run directory: a job supervisor whose jobs a test
// sets, a broker that records what is emitted, a manager that keeps descriptors.
#pragma once

#include "daemons/base/peer.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/bridge/conditions/job-conditions.hpp"
#include "generated/EventBroker1-stub.hpp"
#include "generated/JobSupervisor1-stub.hpp"
#include "protocol/names.hpp"

#include <sdbus-c++/StandardInterfaces.h>

#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace upstart::bridge::testing {

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

  // Skips a client that has hung up.
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
    Expression start_on;
    Expression stop_on;
    unsigned active = 0;
    struct Offer {
      std::string identity, name;
      std::vector<std::string> event;
      base::FileDescriptor file;
    };
    std::vector<Offer> offers = {};
  };

  Supervisor(base::EventLoop& loop, const std::string& run_directory) : loop_{loop}, run_directory_{run_directory} {
    start();
  }

  // A stopped supervisor has no connection and does not listen; its jobs stay.
  void start() { serving_.emplace(loop_, run_directory_, protocol::socket_name::supervisor, *this); }
  void stop() { serving_.reset(); }

  // An active job has all of its offered sockets, another one none.
  // Who watches an event that the job names, before or after the change, is sent a signal.
  void set_job(const std::string& name, Expression start_on, Expression stop_on = {});
  void remove_job(const std::string& name);
  void set_active(const std::string& name, unsigned active);
  void set_bus_address(const std::string& address);
  // An instance of the job has this one of its offered sockets, by number, or no longer.
  void set_held(const std::string& name, std::size_t offer, bool held);
  // Where every condition of jobs is said to stand; empty, as at first: it is not known.
  void set_place(const std::string& place) { place_ = place; }
  // What is offered to the job now.
  [[nodiscard]] const std::vector<Job::Offer>& offers(const std::string& name) { return jobs_[name].offers; }

  // As a supervisor that remembers nothing.
  void forget_offers() {
    for (auto& [_, job] : jobs_) job.offers.clear();
  }

  // What was started with a descriptor: "JOB" or "JOB/INSTANCE". While it is said that all run, nothing is.
  [[nodiscard]] const std::vector<std::pair<std::string, base::FileDescriptor>>& started() const { return started_; }
  void set_running(bool all) { all_run_ = all; }
  [[nodiscard]] int times_busy() const { return times_busy_; }

  // The conditions that were asked for: "JOB EVENT ARGUMENT…".
  [[nodiscard]] const std::vector<std::string>& located() const { return located_; }
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
    std::vector<sdbus::Struct<std::string, Expression, Expression, uint32_t>>
    WatchConditions(const std::string& event) override;
    std::vector<std::string>
    OfferSockets(const std::string& job,
                 const std::vector<sdbus::Struct<std::string, std::string, std::vector<std::string>, sdbus::UnixFd>>&
                     sockets) override;
    void StartJobWithFile(sdbus::Result<sdbus::ObjectPath>&& result, std::string token, std::string job,
                          std::string instance, sdbus::UnixFd file) override;
    std::string bus_address() override { return owner_.bus_address_; }
    std::string LocateCondition(const std::string& job, const std::vector<std::string>& condition) override {
      auto& located = owner_.located_.emplace_back(job);
      for (const auto& word : condition) located += " " + word;
      return owner_.place_;
    }
    Supervisor& owner_;
  };
  void tell_conditions(const std::string& event, const std::string& name, const Job& job);

  base::EventLoop& loop_;
  std::string run_directory_;
  std::map<std::string, Job> jobs_;
  std::set<std::string> watched_; // events
  std::string bus_address_, place_;
  std::vector<std::string> located_;
  int times_asked_ = 0;
  std::vector<std::pair<std::string, base::FileDescriptor>> started_;
  bool all_run_ = false;
  int times_busy_ = 0;
  std::optional<StandIn<Object>> serving_;
};

class Broker {
public:
  struct Event {
    std::string name;
    std::vector<std::string> env;
    std::vector<base::FileDescriptor> files;
    std::string token;
    std::optional<bool> failed; // once finished
    int times_waited_for = 0;
  };

  Broker(base::EventLoop& loop, const std::string& run_directory) : loop_{loop}, run_directory_{run_directory} {
    start();
  }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker() = default;
  void start() { serving_.emplace(loop_, run_directory_, protocol::socket_name::broker, *this); }
  void stop() { serving_.reset(); }

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

    void finished(uint64_t id, bool failed);

  private:
    uint64_t EmitOnce(const std::string& name, const std::vector<std::string>& env,
                      const std::vector<sdbus::UnixFd>& files, const std::string& token) override;
    void WaitFor(sdbus::Result<bool>&& result, uint64_t id) override;
    Broker& owner_;
    std::multimap<uint64_t, sdbus::Result<bool>> waiting_; // by event; must not outlive the connection
  };

  base::EventLoop& loop_;
  std::string run_directory_;
  std::vector<Event> events_;
  std::unordered_map<std::string, uint64_t> by_token_;
  bool refusing_ = false;
  int refused_ = 0;
  std::optional<StandIn<Object>> serving_;
};

// The receiving end of NOTIFY_SOCKET: records the lines and keeps the descriptors that come with FDSTORE=1.
class Manager {
public:
  Manager(base::EventLoop& loop, const std::string& directory);

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] bool received(const std::string& line) const;
  void clear_received() { received_.clear(); }
  [[nodiscard]] const std::map<std::string, base::FileDescriptor>& kept() const { return kept_; }

private:
  void receive();
  void take(const std::string& message, base::FileDescriptor fd);

  std::string address_;
  base::FileDescriptor fd_;
  std::vector<std::string> received_;
  std::map<std::string, base::FileDescriptor> kept_;
  base::FdWatcher watcher_;
};

} // namespace upstart::bridge::testing
