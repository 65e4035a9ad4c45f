// The job supervisor as a whole: makes the parts, joins them, and is what the public interface asks for things that
// concern the daemon. What happens to jobs is told from here to every client connection. More than twenty methods: it
// implements the ports that concern the whole daemon, each in a line or two.
#pragma once

#include "daemons/base/peer.hpp"
#include "daemons/base/program/daemon-main.hpp"
#include "daemons/base/program/own-socket.hpp"
#include "daemons/base/repeated-message.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/job-supervisor/api/broker-client.hpp"
#include "daemons/job-supervisor/api/client-connection.hpp"
#include "daemons/job-supervisor/api/loop-clock.hpp"
#include "daemons/job-supervisor/configuration/configuration.hpp"
#include "daemons/job-supervisor/container-job.hpp"
#include "daemons/job-supervisor/first-load.hpp"
#include "daemons/job-supervisor/memory/journal-memory.hpp"
#include "daemons/job-supervisor/options.hpp"
#include "daemons/job-supervisor/process/instances/real-processes.hpp"
#include "daemons/job-supervisor/public-bus.hpp"
#include "daemons/job-supervisor/ready-notice.hpp"
#include "daemons/job-supervisor/socket-wait.hpp"
#include "protocol/names.hpp"

#include <list>

namespace upstart::supervisor {

class Daemon final : public DaemonControl, public Observer, public Log {
public:
  explicit Daemon(DaemonOptions line);
  ~Daemon() override;

  // Runs until the session has ended; the exit status.
  int run();

  void reload_configuration() override;
  void start_bridge(const std::string& name) override;
  void settle_configuration() override;
  void settle_job(const std::string& job) override;
  void add_file_facts(protocol::JobState& job) const override;
  [[nodiscard]] std::string about_unknown_job(const std::string& job) const override;
  [[nodiscard]] std::string state_as_json() override;
  void restart(const base::Caller& caller) override;
  void logs_writable() override;
  void join_bus(const std::string& address, Reply reply) override;
  void end_session() override;
  [[nodiscard]] std::string log_priority() const override;
  [[nodiscard]] bool set_log_priority(const std::string& priority) override;
  [[nodiscard]] std::string bus_address() const override {
    return named_bus_.address().empty() ? bus_.address() : named_bus_.address();
  }
  [[nodiscard]] std::string event_broker_address() const override {
    return protocol::daemon_address(line_.run_directory, protocol::socket_name::broker);
  }
  [[nodiscard]] BridgeRegister& bridges() override { return register_; }
  [[nodiscard]] std::string place_of_condition(const JobClass& job_class,
                                               const std::vector<std::string>& condition) override;
  void sockets_offered() override { socket_wait_.sockets_offered(); }
  [[nodiscard]] bool holds_starts() const override { return ready_.is_ready() && socket_wait_.waits(); }
  [[nodiscard]] std::string log_directory() const override { return line_.log_directory; }
  [[nodiscard]] bool may_change(const base::Caller& caller) const override;
  [[nodiscard]] bool may_bridge(const base::Caller& caller) const override;
  [[nodiscard]] bool is_process_1() const override { return line_.init_pid == 1; }

  void tell(const Notice& notice) override;
  void write(Severity severity, const std::string& text) override;

private:
  [[nodiscard]] std::string about_init() const;
  struct PeerClient {
    PeerClient(std::unique_ptr<base::BusConnection> peer, Jobs& jobs, DaemonControl& control)
        : connection{std::move(peer)}, client{*connection, jobs, control} {}
    std::unique_ptr<base::BusConnection> connection;
    ClientConnection client;
  };
  using Clients = std::list<PeerClient>;

  void listen();
  [[nodiscard]] bool is_master(uid_t user) const;
  std::unique_ptr<base::PeerServer> serve(std::multimap<std::string, base::FileDescriptor>& inherited, const char* name,
                                          const std::string& address, Clients& among);
  [[nodiscard]] bool admits(uid_t user, const Clients& among) const;
  void add_client(std::unique_ptr<base::BusConnection> connection, Clients& among);
  void say_cut_off(base::BusConnection& client);
  // To every client: this property of text has this value now.
  void tell_property(const char* path, const char* interface, const char* property, const std::string& value);
  void tell_bus_address();
  static void tell_bridges(const std::vector<std::string>& bridges);
  void joined_bus();
  void tell_restarted();
  void go_on_without_name();
  // Where the public objects are: on the buses first, then on the private socket.
  void for_each_client(const std::function<void(ClientConnection&)>& action);
  // What never ends.
  [[nodiscard]] bool is_of_machine() const { return is_process_1() && !line_.container; }
  void end_asked();
  [[noreturn]] static void leave_to_next(int status);
  void begin_session_end(const std::string& type);
  [[nodiscard]] std::optional<JournalMemory::Opened> open_memory();
  [[nodiscard]] bool has_predecessor() const;
  [[nodiscard]] bool may_load_in_parts() const;
  void make_configuration();
  void load_in_parts();
  void load_at_once();
  void loaded();
  void restore_own();
  void watch_kernel_signals();
  void emit_startup();
  [[nodiscard]] bool waits_for_sockets(const std::vector<std::string>& bridges) const;
  void tell_sockets_late();
  void sockets_are_there(bool in_time);
  void be_ready();
  [[nodiscard]] Options job_options();
  [[nodiscard]] ProcessOptions process_options();

  DaemonOptions line_;
  base::EventLoop loop_;
  LoopClock clock_{loop_};
  RealProcesses processes_;
  std::optional<JournalMemory::Opened> memory_; // nothing: what happens is forgotten with this process
  bool remembers_ = false;                      // it held what an earlier supervisor had written
  KeptFiles kept_files_;                        // until the jobs have taken them
  BrokerClient broker_;
  Jobs jobs_;
  SocketWait socket_wait_;
  std::unique_ptr<Configuration> configuration_;
  std::uint64_t settled_at_ = 0;                  // by the count of inputs
  std::optional<std::vector<ClassChange>> first_; // while the files are read for the first time, at once
  FirstLoad first_load_;                          // or in parts
  ReadyNotice ready_;
  BridgeRegister register_;
  Clients clients_;
  Clients bridges_; // on the daemon's own socket: they hear of conditions, not of every state of every job
  base::RepeatedMessage cut_off_;
  std::vector<base::OwnSocket> own_sockets_;
  std::unique_ptr<base::PeerServer> private_server_, own_server_;
  PublicBus bus_;       // that init gave
  PublicBus named_bus_; // that NotifyDBusAddress named
  base::DaemonSignals signals_;
  ContainerJob container_job_;
  std::list<base::SignalWatcher> kernel_signals_; // of process 1, passed on by init
  base::Timer restarted_;
  bool bus_misses_restarted_ = false; // since it was not joined when the others were told
  bool jobs_outlive_it_ = false;
  int exit_status_ = 0;
};

} // namespace upstart::supervisor
