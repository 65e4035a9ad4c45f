// The job supervisor as a whole: makes the parts, joins them, and is what the public interface asks for things that
// concern the daemon. What happens to jobs is told from here to every client connection.
#pragma once

#include "daemons/base/delayed-warning.hpp"
#include "daemons/base/peer.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/job-supervisor/api/broker-client.hpp"
#include "daemons/job-supervisor/api/client-connection.hpp"
#include "daemons/job-supervisor/api/loop-clock.hpp"
#include "daemons/job-supervisor/configuration/configuration.hpp"
#include "daemons/job-supervisor/options.hpp"
#include "daemons/job-supervisor/process/instances/real-processes.hpp"
#include "protocol/names.hpp"

#include <list>

namespace upstart::supervisor {

class Daemon final : public DaemonControl, public Observer {
public:
  explicit Daemon(DaemonOptions line);
  ~Daemon() override;

  // Runs until the session has ended; the exit status.
  int run();

  void reload_configuration() override;
  [[nodiscard]] std::string state_as_json() override;
  void restart() override;
  void logs_writable() override;
  std::expected<void, CommandError> join_bus(const std::string& address) override;
  void end_session() override;
  [[nodiscard]] std::string log_priority() const override;
  [[nodiscard]] bool set_log_priority(const std::string& priority) override;
  [[nodiscard]] std::string bus_address() const override { return bus_address_; }
  [[nodiscard]] std::string event_broker_address() const override {
    return protocol::daemon_address(line_.run_directory, protocol::socket_name::broker);
  }
  [[nodiscard]] std::string log_directory() const override { return line_.log_directory; }
  [[nodiscard]] bool may_change(const base::Caller& caller) const override;
  [[nodiscard]] bool is_process_1() const override { return line_.init_pid == 1; }

  void job_added(const std::string& job) override;
  void job_removed(const std::string& job) override;
  void instance_added(const std::string& job, const std::string& instance) override;
  void instance_removed(const std::string& job, const std::string& instance) override;
  void goal_changed(const std::string& job, const std::string& instance, Goal goal) override;
  void state_changed(const std::string& job, const std::string& instance, State state) override;
  void failed(const std::string& job, const std::string& instance, int status) override;
  void event_emitted(const std::string& name, const protocol::Environment& environment) override;
  void conditions_changed(const std::string& event, const std::string& job, const EventExpression& start_on,
                          const EventExpression& stop_on) override;
  void activity_changed(const std::string& job, std::size_t active) override;
  void session_ended() override;

private:
  using Clients = std::list<std::unique_ptr<ClientConnection>>;

  void open_log() const;
  void listen();
  [[nodiscard]] bool is_master(uid_t user) const;
  std::unique_ptr<base::PeerServer> serve(std::multimap<std::string, base::FileDescriptor>& inherited, const char* name,
                                          const std::string& address, Clients& among);
  void add_client(std::unique_ptr<base::BusConnection> connection, Clients& among);
  void for_all(const std::function<void(ClientConnection&)>& tell);
  void watch_signals();
  void connect_bus();
  void bus_connected(std::unique_ptr<base::BusConnection> connection);
  void bus_lost(const std::string& why);
  void name_taken();
  void begin_session_end(const std::string& type, bool grace);
  [[nodiscard]] JobManager::Options job_options() const;
  [[nodiscard]] ProcessOptions process_options() const;

  DaemonOptions line_;
  base::EventLoop loop_;
  LoopClock clock_{loop_};
  RealProcesses processes_;
  BrokerClient broker_;
  JobManager jobs_;
  std::unique_ptr<Configuration> configuration_;
  Clients clients_;
  Clients bridges_; // on the daemon's own socket: they hear of conditions, not of every state of every job
  std::unique_ptr<base::PeerServer> private_server_, own_server_;
  std::string bus_address_; // the one that is joined, or that is being tried
  ClientConnection* bus_ = nullptr;
  std::unique_ptr<base::Handshake> bus_handshake_;
  base::Timer bus_retry_;
  std::chrono::milliseconds bus_pause_;
  base::DelayedWarning bus_warning_;
  std::vector<std::unique_ptr<base::SignalWatcher>> signals_;
  int exit_status_ = 0;
};

} // namespace upstart::supervisor
