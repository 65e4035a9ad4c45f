// A bus that this Upstart is on, or wants to be on: the connection that comes back, the public name, and the objects on
// it. A session may be on two, that which init gave it and that which NotifyDBusAddress named.
#pragma once

#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/job-supervisor/api/client-connection.hpp"
#include "daemons/job-supervisor/jobs/values/command.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace upstart::supervisor {

class PublicBus {
public:
  struct Events {
    std::function<void()> joined;
    // The name belongs to somebody else, or the bus refuses it.
    std::function<void()> name_missing = [] {};
    // The name is this one's; or the bus could not be joined just now, or was lost, and is tried again.
    std::function<void()> settled = [] {};
  };
  // All of them outlive this. Does nothing until it is to join. `has_predecessor`: what a supervisor that died has left
  // may still have the name, which is waited for then.
  PublicBus(base::EventLoop& loop, Jobs& jobs, DaemonControl& control, bool has_predecessor, Events events);
  PublicBus(const PublicBus&) = delete;
  PublicBus& operator=(const PublicBus&) = delete;

  // Joins the bus at this address, however long it takes until it is there.
  void join(const std::string& address) { connection_.connect_to(address); }
  // Joins it now and answers, or gives it up and answers with the reason. While one is joined, or being joined, this
  // address is not looked at.
  void join_or_give_up(const std::string& address, Reply reply);
  void try_now() { connection_.connect_now(); }

  [[nodiscard]] bool is_joined() { return client_ != nullptr; }
  // Empty: none to be joined.
  [[nodiscard]] const std::string& address() const { return connection_.address(); }
  // The objects there; null while there is no connection.
  [[nodiscard]] ClientConnection* client() { return client_.get(); }

private:
  void connected(base::BusConnection& connection);
  void lost();
  void attempt_failed(const std::string& why);
  void name_answered(base::ReconnectingConnection::NameOutcome outcome, const std::string& why);
  void answer(const Outcome& outcome);

  Jobs& jobs_;
  DaemonControl& control_;
  bool has_predecessor_;
  Events events_;
  std::vector<Reply> waiting_; // for the attempt under way, which is the only one
  base::ReconnectingConnection connection_;
  base::Timer name_wait_;                    // while the name belongs to somebody else
  bool name_is_late_ = false;                // that time is over
  std::unique_ptr<ClientConnection> client_; // on it
};

} // namespace upstart::supervisor
