#include "daemons/socket-bridge/core/socket-table.hpp"

#include <algorithm>

namespace upstart::socket_bridge {

void SocketTable::adopt(const std::vector<SocketAddress>& addresses) {
  for (const auto& address : addresses) sockets_[address].socket.opened();
}

Actions SocketTable::jobs_changed(const bridge::ConditionsUpdate& jobs, Time now) {
  known_ = true;
  auto change = demand_.take(jobs);
  for (auto& warning : change.warnings) actions_.emplace_back(Warn{std::move(warning)});
  if (change.sockets) want(std::move(*change.sockets), now);
  for (const auto& address : change.activity) {
    auto place = sockets_.find(address);
    place->second.socket.set_held(demand_.is_held(place->second.wanted), now);
    update(place);
  }
  return taken();
}

// Closing comes first: a new socket may need the place of an old one.
void SocketTable::want(std::map<SocketAddress, WantedSocket> wanted, Time now) {
  close_unwanted(wanted);
  for (auto& [address, socket] : wanted) take_wanted(address, std::move(socket), now);
  update_all();
}

void SocketTable::close_unwanted(const std::map<SocketAddress, WantedSocket>& wanted) {
  for (auto place = sockets_.begin(); place != sockets_.end();) {
    auto& [address, entry] = *place;
    if (wanted.contains(address)) {
      ++place;
      continue;
    }
    forget_ticket(entry);
    deadlines_.set(address, std::nullopt);
    actions_.emplace_back(CloseSocket{address});
    place = sockets_.erase(place);
  }
}

void SocketTable::take_wanted(const SocketAddress& address, WantedSocket wanted, Time now) {
  auto [place, is_new] = sockets_.try_emplace(address);
  auto& entry = place->second;
  bool permissions_differ = entry.wanted.permissions != wanted.permissions;
  entry.wanted = std::move(wanted);
  entry.socket.set_held(demand_.is_held(entry.wanted), now);
  if (is_new) actions_.emplace_back(OpenSocket{address, entry.wanted.permissions});
  else if (permissions_differ && entry.socket.is_open())
    actions_.emplace_back(SetPermissions{address, entry.wanted.permissions});
}

Actions SocketTable::opened(const SocketAddress& address) {
  if (auto place = sockets_.find(address); place != sockets_.end()) {
    place->second.socket.opened();
    update(place);
  }
  return taken();
}

Actions SocketTable::could_not_be_opened(const SocketAddress& address, const std::string& reason, Time now) {
  if (auto place = sockets_.find(address); place != sockets_.end()) {
    place->second.socket.could_not_be_opened(reason, now);
    update(place);
  }
  return taken();
}

Actions SocketTable::client_came(const SocketAddress& address, std::optional<unsigned> waiting, Time now) {
  auto place = sockets_.find(address);
  if (place == sockets_.end() || !place->second.watched) return {};
  auto& entry = place->second;
  if (entry.socket.client_came(waiting, now)) {
    entry.ticket = ++last_ticket_;
    tickets_.emplace(last_ticket_, address);
    entry.socket.event_emitted(now);
    actions_.emplace_back(EmitEvent{address, last_ticket_, entry.wanted.event});
  }
  update(place);
  return taken();
}

Actions SocketTable::lost(const SocketAddress& address) {
  auto place = sockets_.find(address);
  if (place == sockets_.end() || !place->second.socket.is_open()) return {};
  place->second.socket.lost();
  update(place);
  actions_.emplace_back(OpenSocket{address, place->second.wanted.permissions});
  return taken();
}

Actions SocketTable::broker_ready() {
  broker_ready_ = true;
  update_all();
  return taken();
}

Actions SocketTable::broker_gone() {
  broker_ready_ = false;
  update_all();
  return taken();
}

Actions SocketTable::event_finished(Ticket ticket, bool failed, Time now) {
  auto known = tickets_.find(ticket);
  if (known == tickets_.end()) return {};
  auto place = sockets_.find(known->second);
  forget_ticket(place->second);
  place->second.socket.event_finished(failed, now);
  update(place);
  return taken();
}

void SocketTable::forget_ticket(Entry& entry) {
  if (entry.ticket) tickets_.erase(*entry.ticket);
  entry.ticket.reset();
}

Actions SocketTable::time_reached(Time now) {
  while (auto address = deadlines_.reached(now)) {
    auto place = sockets_.find(*address);
    if (place->second.socket.time_reached(now))
      actions_.emplace_back(OpenSocket{place->first, place->second.wanted.permissions});
    update(place);
  }
  return taken();
}

void SocketTable::update(Sockets::iterator place) {
  auto& [address, entry] = *place;
  deadlines_.set(address, entry.socket.due());
  if (!known_) return;
  bool watch = broker_ready_ && entry.socket.state() == ServedSocket::State::listening;
  if (watch != std::exchange(entry.watched, watch)) actions_.emplace_back(WatchSocket{address, watch});
  auto text = entry.socket.text();
  if (entry.socket.state() == ServedSocket::State::opening || text == entry.announced) return;
  entry.announced = text;
  actions_.emplace_back(Announce{address, std::move(text)});
}

void SocketTable::update_all() {
  for (auto place = sockets_.begin(); place != sockets_.end(); ++place) update(place);
}

std::vector<SocketReport> SocketTable::report() const {
  std::vector<SocketReport> result;
  for (const auto& [address, entry] : sockets_)
    result.push_back({address, {entry.wanted.jobs.begin(), entry.wanted.jobs.end()}, entry.socket.text()});
  return result;
}

} // namespace upstart::socket_bridge
