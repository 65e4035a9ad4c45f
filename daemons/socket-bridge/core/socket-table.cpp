#include "daemons/socket-bridge/core/socket-table.hpp"

#include <algorithm>

namespace upstart::socket_bridge {

void SocketTable::adopt(const std::vector<SocketAddress>& addresses) {
  for (const auto& address : addresses) sockets_[address].socket.opened();
}

Actions SocketTable::conditions_known(const std::vector<JobReport>& jobs, Time now) {
  known_ = true;
  jobs_.clear();
  active_.clear();
  for (const auto& job : jobs) {
    jobs_[job.job] = sockets_of_job(job.job, job.start_on, job.stop_on);
    if (job.active > 0) active_[job.job] = job.active;
  }
  want(union_of(jobs_), now);
  return taken();
}

void SocketTable::conditions_changed(const std::string& job, const Postfix& start_on, const Postfix& stop_on) {
  if (start_on.empty() && stop_on.empty()) jobs_.erase(job);
  else jobs_[job] = sockets_of_job(job, start_on, stop_on);
}

Actions SocketTable::conditions_settled(Time now) {
  if (known_) want(union_of(jobs_), now);
  return taken();
}

Actions SocketTable::activity_changed(const std::string& job, unsigned active, Time now) {
  if (active > 0) active_[job] = active;
  else active_.erase(job);
  auto held = held_by_.find(job);
  if (held == held_by_.end()) return {};
  for (const auto& address : held->second) {
    auto place = sockets_.find(address);
    refresh_activity(place->second, now);
    settle(place);
  }
  return taken();
}

// Closing comes first: a new socket may need the place of an old one.
void SocketTable::want(Wanted wanted, Time now) {
  warn_of_new(std::move(wanted.warnings));
  close_unwanted(wanted.sockets);
  for (auto& [address, socket] : wanted.sockets) take_wanted(address, std::move(socket), now);
  index_holders();
  settle_all();
}

void SocketTable::warn_of_new(std::set<std::string> warnings) {
  for (const auto& warning : warnings)
    if (!warnings_.contains(warning)) actions_.emplace_back(Warn{warning});
  warnings_ = std::move(warnings);
}

void SocketTable::close_unwanted(const std::map<SocketAddress, WantedSocket>& wanted) {
  for (auto place = sockets_.begin(); place != sockets_.end();) {
    auto& [address, entry] = *place;
    if (wanted.contains(address)) {
      ++place;
      continue;
    }
    forget_ticket(entry);
    set_due(address, entry, std::nullopt);
    actions_.emplace_back(CloseSocket{address});
    place = sockets_.erase(place);
  }
}

void SocketTable::take_wanted(const SocketAddress& address, WantedSocket wanted, Time now) {
  auto [place, is_new] = sockets_.try_emplace(address);
  auto& entry = place->second;
  bool permissions_differ = entry.wanted.permissions != wanted.permissions;
  entry.wanted = std::move(wanted);
  refresh_activity(entry, now);
  if (is_new) actions_.emplace_back(OpenSocket{address, entry.wanted.permissions});
  else if (permissions_differ && entry.socket.is_open())
    actions_.emplace_back(SetPermissions{address, entry.wanted.permissions});
}

void SocketTable::index_holders() {
  held_by_.clear();
  for (const auto& [address, entry] : sockets_)
    for (const auto& job : entry.wanted.holders) held_by_[job].push_back(address);
}

void SocketTable::refresh_activity(Entry& entry, Time now) {
  entry.socket.set_held(
      std::ranges::any_of(entry.wanted.holders, [&](const auto& job) { return active_.contains(job); }), now);
}

Actions SocketTable::opened(const SocketAddress& address) {
  if (auto place = sockets_.find(address); place != sockets_.end()) {
    place->second.socket.opened();
    settle(place);
  }
  return taken();
}

Actions SocketTable::could_not_be_opened(const SocketAddress& address, const std::string& reason, Time now) {
  if (auto place = sockets_.find(address); place != sockets_.end()) {
    place->second.socket.could_not_be_opened(reason, now);
    settle(place);
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
  settle(place);
  return taken();
}

Actions SocketTable::lost(const SocketAddress& address) {
  auto place = sockets_.find(address);
  if (place == sockets_.end() || !place->second.socket.is_open()) return {};
  place->second.socket.lost();
  settle(place);
  actions_.emplace_back(OpenSocket{address, place->second.wanted.permissions});
  return taken();
}

Actions SocketTable::broker_ready() {
  broker_ready_ = true;
  for (const auto& [address, entry] : sockets_)
    if (entry.event) actions_.emplace_back(AwaitEvent{*entry.ticket, *entry.event});
  settle_all();
  return taken();
}

// What had no answer yet may or may not have been accepted: it counts as failed, and a job that starts is seen.
Actions SocketTable::broker_gone(Time now) {
  broker_ready_ = false;
  for (auto place = sockets_.begin(); place != sockets_.end(); ++place)
    if (place->second.ticket && !place->second.event) finish(place, true, now);
  settle_all();
  return taken();
}

Actions SocketTable::event_accepted(Ticket ticket, EventId id) {
  auto known = tickets_.find(ticket);
  if (known == tickets_.end()) return {};
  sockets_.at(known->second).event = id;
  if (broker_ready_) actions_.emplace_back(AwaitEvent{ticket, id});
  return taken();
}

Actions SocketTable::event_finished(Ticket ticket, bool failed, Time now) {
  auto known = tickets_.find(ticket);
  if (known == tickets_.end()) return {};
  auto place = sockets_.find(known->second);
  finish(place, failed, now);
  settle(place);
  return taken();
}

void SocketTable::finish(Sockets::iterator place, bool failed, Time now) {
  forget_ticket(place->second);
  place->second.socket.event_finished(failed, now);
}

void SocketTable::forget_ticket(Entry& entry) {
  if (entry.ticket) tickets_.erase(*entry.ticket);
  entry.ticket.reset();
  entry.event.reset();
}

std::optional<Time> SocketTable::due() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

Actions SocketTable::time_reached(Time now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    auto place = sockets_.find(due_.begin()->second);
    if (place->second.socket.time_reached(now))
      actions_.emplace_back(OpenSocket{place->first, place->second.wanted.permissions});
    settle(place);
  }
  return taken();
}

// Brings what the shell does in line with the state that the socket has now.
void SocketTable::settle(Sockets::iterator place) {
  auto& [address, entry] = *place;
  set_due(address, entry, entry.socket.due());
  if (!known_) return;
  bool watch = broker_ready_ && entry.socket.state() == ServedSocket::State::listening;
  if (watch != std::exchange(entry.watched, watch)) actions_.emplace_back(WatchSocket{address, watch});
  auto text = entry.socket.text();
  if (entry.socket.state() == ServedSocket::State::opening || text == entry.announced) return;
  entry.announced = text;
  actions_.emplace_back(Announce{address, std::move(text)});
}

void SocketTable::settle_all() {
  for (auto place = sockets_.begin(); place != sockets_.end(); ++place) settle(place);
}

void SocketTable::set_due(const SocketAddress& address, Entry& entry, std::optional<Time> due) {
  if (due == entry.due) return;
  if (entry.due) due_.erase({*entry.due, address});
  entry.due = due;
  if (due) due_.emplace(*due, address);
}

std::vector<SocketReport> SocketTable::report() const {
  std::vector<SocketReport> result;
  for (const auto& [address, entry] : sockets_)
    result.push_back({address, {entry.wanted.jobs.begin(), entry.wanted.jobs.end()}, entry.socket.text()});
  return result;
}

} // namespace upstart::socket_bridge
