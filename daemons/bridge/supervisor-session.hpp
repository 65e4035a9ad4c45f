// The bridge's session with the job supervisor: which jobs ask for the bridge's events, which of them are active, and
// which bus there is. It comes back when the supervisor does; what is known of the jobs stays meanwhile.
#pragma once

#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/bridge/condition-warnings.hpp"
#include "daemons/bridge/conditions/condition-store.hpp"
#include "daemons/bridge/socket-offers.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace upstart::bridge {

class SupervisorSession {
public:
  struct Events {
    // Conditions that change in one turn of the loop are one update; activity comes at once.
    std::function<void(const ConditionsUpdate&)> updated;
    std::function<void(const std::string&)> bus_address; // never empty
  };

  // `address` is that of the supervisor's own socket, `watched` the names of the events; `offers` and `warnings`, where
  // given, are carried to it, and must outlive this.
  SupervisorSession(base::EventLoop& loop, const std::string& address, std::vector<std::string> watched, Events events,
                    SocketOffers* offers = nullptr, ConditionWarnings* warnings = nullptr);
  SupervisorSession(const SupervisorSession&) = delete;
  SupervisorSession& operator=(const SupervisorSession&) = delete;
  ~SupervisorSession();

private:
  class Proxy;

  void hand_on();
  void hand_on_later();

  base::EventLoop& loop_;
  std::vector<std::string> watched_;
  Events events_;
  SocketOffers* offers_;
  ConditionWarnings* warnings_;
  ConditionStore store_;
  bool hand_on_is_due_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  base::ReconnectingConnection connection_;
  std::unique_ptr<Proxy> proxy_; // on the connection
};

} // namespace upstart::bridge
