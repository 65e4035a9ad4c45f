// A master: owns a listening socket that several services serve. Without `accept` each slave gets the listening
// descriptor and accepts for itself. With it the master accepts, and gives each connection to a slave, or starts an
// instance of a job with it, or emits the event `socket` with it where there is neither.
//
// A connection that a slave was given stays here too until the slave has taken it: a slave that dies loses only what it
// had taken. Owned by the main program. More than twenty methods: the calls of slaves, the ways of a connection and the
// life of a slave are a few lines each and share one table.
#pragma once

#include "daemons/base/listen.hpp"
#include "daemons/base/peer.hpp"
#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/base/repeated-message.hpp"
#include "daemons/base/values/growing-pause.hpp"
#include "daemons/bridge/broker-session.hpp"
#include "daemons/socket-bridge/core/dispatch.hpp"
#include "daemons/socket-bridge/sharing/acceptor.hpp"
#include "daemons/socket-bridge/sharing/job-starter.hpp"
#include "daemons/socket-bridge/sharing/master-object.hpp"
#include "daemons/socket-bridge/sharing/options.hpp"
#include "daemons/socket-bridge/sockets/listening-socket.hpp"

#include <deque>
#include <list>
#include <map>

namespace upstart::socket_bridge {

class Master final : public SlaveCalls {
public:
  // The socket is bound and listens when this returns; the error says why it cannot. `inherited` descriptors that are
  // this socket are taken: then the socket outlives the master.
  [[nodiscard]] static std::expected<std::unique_ptr<Master>, std::string>
  open(base::EventLoop& loop, const SharingOptions& options,
       std::multimap<std::string, base::FileDescriptor>& inherited);
  ~Master() override;
  Master(const Master&) = delete;
  Master& operator=(const Master&) = delete;

private:
  struct Slave {
    std::unique_ptr<base::BusConnection> connection;
    std::unique_ptr<MasterObject> object;
    std::optional<ServerId> server; // once it is attached and gets connections
    Wish wish{};
  };
  using Slaves = std::list<Slave>;
  // An instance that connections are given to: by a slave that runs in it, else by starting it.
  struct Instance {
    InstanceName name;
    Slave* slave = nullptr;
  };
  struct Pending {
    ConnectionId id = 0;
    std::shared_ptr<Accepted> connection;
  };

  Master(base::EventLoop& loop, SharingOptions options, ListeningSocket socket, bool is_inherited,
         base::FileDescriptor control);

  std::expected<std::vector<int>, std::string> attach(const void* slave, base::Caller caller, Wish wish) override;
  bool take(const void* slave, std::uint64_t connection) override;
  void end(const void* slave, std::uint64_t connection) override;
  [[nodiscard]] std::vector<SlaveReport> slaves() const override;
  [[nodiscard]] std::string address() const override { return text_of(options_.address); }

  void add_client(std::unique_ptr<base::BusConnection> connection);
  void slave_gone(Slaves::iterator slave);
  Slave* slave_of(const void* object);
  [[nodiscard]] Slave* slave_serving(ServerId server);
  void make_server(Slave& slave);

  void came(Accepted accepted);
  [[nodiscard]] std::size_t open_connections() const;
  void refuse(const Accepted& accepted);
  // Gives what waits to whoever has room; accepts on only when nothing waits.
  void give_pending();
  [[nodiscard]] bool give(const Pending& pending);
  void give_to_slave(Slave& slave, const Pending& pending);
  void start_instance(ServerId server, const Pending& pending);
  void instance_answered(ServerId server, const Pending& pending, JobStarter::Outcome outcome, const std::string& why);
  void emit(const Pending& pending);

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  base::EventLoop& loop_;
  SharingOptions options_;
  ListeningSocket socket_;
  bool is_inherited_;
  std::string identity_; // of this master, for the tokens of its commands
  Dispatch dispatch_;
  std::map<ServerId, Instance> instances_; // the first ids
  ServerId last_server_ = 0;
  ConnectionId last_connection_ = 0;
  std::deque<Pending> pending_;
  std::map<ConnectionId, std::shared_ptr<Accepted>> untaken_;
  std::size_t emitted_ = 0; // events that have not finished
  base::RepeatedMessage refused_;
  base::Timer retry_; // when all instances are busy
  base::GrowingPause pause_{{std::chrono::milliseconds{20}, std::chrono::milliseconds{1000}}};
  std::unique_ptr<bridge::BrokerSession> broker_;
  std::unique_ptr<JobStarter> starter_;
  Acceptor acceptor_;
  Slaves slaves_;
  base::ReconnectingConnection bus_;
  std::unique_ptr<MasterObject> on_bus_;
  base::PeerServer server_;
};

} // namespace upstart::socket_bridge
