// The bridge without SOCKET_PATH: serves the sockets that jobs name. The shell around the socket table: carries out its
// actions and tells it what happens.
#pragma once

#include "daemons/socket-bridge/connections/broker-link.hpp"
#include "daemons/socket-bridge/connections/public-object.hpp"
#include "daemons/socket-bridge/connections/supervisor-link.hpp"
#include "daemons/socket-bridge/core/socket-table.hpp"
#include "daemons/socket-bridge/sockets/open-sockets.hpp"

#include <expected>
#include <memory>

namespace upstart::socket_bridge {

class DefaultMode {
public:
  struct Options {
    std::string run_directory;
    std::string bus; // empty: the one that the supervisor names
  };
  using Inherited = std::multimap<std::string, base::FileDescriptor>;

  // Begins at once; `listening` is where the bridge's own clients come.
  DefaultMode(base::EventLoop& loop, const Options& options, base::FileDescriptor listening, Inherited inherited);

  void rejoin_bus() { public_.rejoin_bus(); }

private:
  void conditions_known(const std::vector<JobReport>& jobs);
  void conditions_changed(const std::string& job, const Postfix& start_on, const Postfix& stop_on);
  void broker_finished(Ticket ticket, bool failed);

  void carry_out(Actions actions);
  void carry_out_one(const OpenSocket& action);
  void carry_out_one(const CloseSocket& action);
  void carry_out_one(const SetPermissions& action);
  void carry_out_one(const WatchSocket& action);
  void carry_out_one(const EmitEvent& action);
  void carry_out_one(const AwaitEvent& action);
  void carry_out_one(const Announce& action);
  void carry_out_one(const Warn& action);
  void set_alarm();

  base::EventLoop& loop_;
  SocketTable table_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool change_noted_ = false;
  std::map<SocketAddress, std::string> told_failures_; // so that a retry says nothing new
  Actions waiting_;
  bool carrying_out_ = false;
  base::Timer alarm_;
  OpenSockets sockets_;
  PublicObject public_;
  BrokerLink broker_;
  SupervisorLink supervisor_;
};

} // namespace upstart::socket_bridge
