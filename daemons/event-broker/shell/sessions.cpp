#include "daemons/event-broker/shell/sessions.hpp"

#include <algorithm>

namespace upstart::broker {

Session& Sessions::add(Requests requests, Deliveries& deliveries, base::BusConnection& connection) {
  return sessions_.emplace_back(requests, deliveries, connection);
}

void Sessions::remove(Session& session) {
  sessions_.remove_if([&](const Session& candidate) { return &candidate == &session; });
}

void Sessions::flush() {
  for (auto& session : sessions_) session.flush();
  something_waits_ = std::ranges::any_of(sessions_, &Session::has_waiting);
}

bool Sessions::can_go_on() {
  return something_waits_ &&
         std::ranges::any_of(sessions_, [](Session& session) { return session.has_waiting() && session.has_room(); });
}

Session* Sessions::overfull() {
  if (!something_waits_) return nullptr;
  auto found = std::ranges::find_if(sessions_, &Session::overfull);
  return found == sessions_.end() ? nullptr : &*found;
}

bool Sessions::all_written() const { return std::ranges::all_of(sessions_, &Session::all_written); }

} // namespace upstart::broker
