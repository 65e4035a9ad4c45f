// The bridge without SOCKET_PATH: serves the sockets that jobs name. The shell around the socket table: gives it inputs
// and executes the actions that follow.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "daemons/socket-bridge/core/socket-table.hpp"
#include "daemons/socket-bridge/sockets/open-sockets.hpp"

namespace upstart::socket_bridge {

class DefaultMode final : public bridge::Bridge {
public:
  // Takes those of the inherited descriptors that are sockets. `ready` is called when all that jobs want has been tried
  // to be opened once.
  DefaultMode(bridge::Services services, std::function<void()> ready);

  void jobs_changed(const bridge::ConditionsUpdate& update) override;
  void broker_ready() override { execute(table_.broker_ready()); }
  void broker_gone() override { execute(table_.broker_gone()); }
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  void execute(Actions actions);
  bool offers_follow();
  void execute_one(const OpenSocket& action);
  void execute_one(const CloseSocket& action);
  void execute_one(const SetPermissions& action);
  void execute_one(const WatchSocket& action);
  void execute_one(const EmitEvent& action);
  void execute_one(const OfferToJob& action);
  void execute_one(const CheckSocket& action);
  void execute_one(const Announce& action);
  void execute_one(const Warn& action);
  void offers_answered(const std::string& job, const std::vector<std::string>& held);
  void socket_held(const std::string& job, const std::string& identity, bool held);
  void lost(const SocketAddress& address, const std::string& why);
  void set_alarm();

  bridge::Services services_;
  std::function<void()> ready_;
  SocketTable table_;
  std::map<SocketAddress, std::string> logged_failures_; // so that a retry logs nothing new
  std::set<SocketAddress> replaced_;                     // lost, and not opened since
  Actions pending_;                                      // to be executed, in order
  bool executing_ = false;
  base::Timer alarm_;
  OpenSockets sockets_;
};

} // namespace upstart::socket_bridge
