// All connections that the broker is served on. Who has something waiting is sent more as soon as there is room.
#pragma once

#include "daemons/event-broker/shell/session.hpp"

#include <list>

namespace upstart::broker {

class Sessions {
public:
  // The connection must outlive the session, which is there until `remove`.
  Session& add(Requests requests, Deliveries& deliveries, base::BusConnection& connection);
  void remove(Session& session);

  void flush();

  // Somebody who had no room for what is waiting has room now.
  [[nodiscard]] bool can_go_on();
  // Somebody who does not read at all; nothing if there is none.
  [[nodiscard]] Session* overfull();
  [[nodiscard]] bool all_written() const;

private:
  std::list<Session> sessions_;
  bool something_waits_ = false;
};

} // namespace upstart::broker
