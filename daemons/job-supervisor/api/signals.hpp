// The signals of the public interface: one for each kind of notice, sent on one connection.
#pragma once

#include "daemons/job-supervisor/api/objects.hpp"
#include "daemons/job-supervisor/jobs/values/notice.hpp"

namespace upstart::supervisor {

class Signals {
public:
  // All of them outlive this.
  Signals(Client& client, ManagerObject& manager, SupervisorObject& supervisor)
      : client_{client}, manager_{manager}, supervisor_{supervisor} {}

  // Sends the signal that tells it, whether or not its object was ever addressed.
  void tell(const Notice& notice);
  // The property that tells which bus this Upstart is on.
  void bus_address_changed();

private:
  struct Tell;
  template <typename Send> void send(Send&& send);

  Client& client_;
  ManagerObject& manager_;
  SupervisorObject& supervisor_;
  bool misses_signals_ = false; // warned of
};

} // namespace upstart::supervisor
