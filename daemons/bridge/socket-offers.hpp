// The listening descriptors that a bridge offers to jobs (OfferSockets of JobSupervisor1), so that a job has them
// however it is started. What is offered is remembered here and offered again whenever the supervisor is back. Owned by
// the main program; the bridge offers, the session with the supervisor carries it.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "protocol/environment.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace upstart::bridge {

struct SocketOffer {
  std::string identity; // the same text is the same open socket
  std::string name;     // in LISTEN_FDNAMES
  protocol::Environment event;
  std::shared_ptr<const base::FileDescriptor> file;
};

class SocketOffers {
public:
  struct Events {
    // The supervisor has taken what is offered to the job; these of them an instance has, or will have.
    std::function<void(const std::string& job, const std::vector<std::string>& held)> answered;
    std::function<void(const std::string& job, const std::string& identity, bool held)> held_changed;
  };
  using Send = std::function<void(const std::string& job, const std::vector<SocketOffer>& sockets)>;

  // For the bridge. In place of what was offered to that job before; empty: nothing any more.
  void offer(const std::string& job, std::vector<SocketOffer> sockets) {
    if (send_) send_(job, sockets);
    if (sockets.empty()) offered_.erase(job);
    else offered_[job] = std::move(sockets);
  }
  void on_answers(Events events) { events_ = std::move(events); }
  // Whether this bridge is one that offers sockets.
  [[nodiscard]] bool are_used() const { return events_.answered != nullptr; }

  // For the session. The supervisor is there, or gone.
  void connected(Send send) {
    send_ = std::move(send);
    for (const auto& [job, sockets] : offered_) send_(job, sockets);
  }
  void disconnected() { send_ = nullptr; }
  void take_answer(const std::string& job, const std::vector<std::string>& held) const {
    if (events_.answered) events_.answered(job, held);
  }
  void take_change(const std::string& job, const std::string& identity, bool held) const {
    if (events_.held_changed) events_.held_changed(job, identity, held);
  }

private:
  Events events_;
  Send send_;
  std::map<std::string, std::vector<SocketOffer>> offered_;
};

} // namespace upstart::bridge
