#include "daemons/socket-bridge/core/socket-table.hpp"

#include <algorithm>

namespace upstart::socket_bridge {

void SocketTable::adopt(const std::vector<SocketAddress>& addresses, Time now) {
  for (const auto& address : addresses) {
    auto& entry = sockets_[address];
    entry.socket.opened();
    entry.since = now;
  }
}

Actions SocketTable::jobs_changed(const bridge::ConditionsUpdate& jobs, Time now) {
  known_ = true;
  std::set<SocketAddress> open;
  for (const auto& [address, entry] : sockets_)
    if (entry.socket.is_open()) open.insert(address);
  auto change = demand_.take(jobs, open);
  for (auto& warning : change.warnings) actions_.emplace_back(Warn{std::move(warning)});
  for (const auto& job : jobs.changed) to_be_offered_.insert(job.job);
  to_be_offered_.insert(jobs.gone.begin(), jobs.gone.end());
  if (change.sockets) want(std::move(*change.sockets), now);
  return taken();
}

Actions SocketTable::offers_answered(const std::string& job, const std::set<SocketAddress>& held, Time now) {
  for (const auto& address : demand_.sockets_of(job)) {
    auto place = sockets_.find(address);
    if (place == sockets_.end() || !place->second.socket.is_open()) continue;
    place->second.unanswered.erase(job);
    set_held(place, job, held.contains(address), now);
  }
  return taken();
}

Actions SocketTable::socket_held(const std::string& job, const SocketAddress& address, bool held, Time now) {
  if (auto place = sockets_.find(address); place != sockets_.end() && place->second.wanted.holders.contains(job))
    set_held(place, job, held, now);
  return taken();
}

void SocketTable::set_held(Sockets::iterator place, const std::string& job, bool held, Time now) {
  auto& entry = place->second;
  if (held) entry.held_by.insert(job);
  else entry.held_by.erase(job);
  entry.socket.set_held(!entry.held_by.empty(), now);
  update(place);
}

void SocketTable::offer_to_all(Entry& entry) {
  entry.unanswered = entry.wanted.holders;
  entry.held_by.clear();
  to_be_offered_.insert(entry.wanted.holders.begin(), entry.wanted.holders.end());
}

void SocketTable::note_holders(Entry& entry, const WantedSocket& before) {
  if (!entry.socket.is_open() || entry.wanted == before) return;
  const auto& holders = entry.wanted.holders;
  std::erase_if(entry.held_by, [&](const auto& job) { return !holders.contains(job); });
  std::erase_if(entry.unanswered, [&](const auto& job) { return !holders.contains(job); });
  for (const auto& job : holders)
    if (!before.holders.contains(job)) entry.unanswered.insert(job);
  to_be_offered_.insert(holders.begin(), holders.end());
}

Actions SocketTable::offers() {
  for (const auto& job : std::exchange(to_be_offered_, {})) {
    OfferToJob offer{.job = job, .sockets = {}};
    for (const auto& address : demand_.sockets_of(job)) {
      auto place = sockets_.find(address);
      if (place == sockets_.end()) continue;
      const auto& wanted = place->second.wanted;
      if (place->second.socket.is_open() && wanted.holders.contains(job))
        offer.sockets.push_back({.address = address, .name = wanted.name, .event = wanted.event_for(job)});
    }
    bool anything = !offer.sockets.empty();
    if (!anything && !offered_.contains(job)) continue;
    if (anything) offered_.insert(job);
    else offered_.erase(job);
    actions_.emplace_back(std::move(offer));
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
    forget_tickets(entry);
    deadlines_.set(address, std::nullopt);
    actions_.emplace_back(CloseSocket{address});
    place = sockets_.erase(place);
  }
}

void SocketTable::take_wanted(const SocketAddress& address, WantedSocket wanted, Time now) {
  auto [place, is_new] = sockets_.try_emplace(address);
  auto& entry = place->second;
  auto before = std::exchange(entry.wanted, std::move(wanted));
  bool permissions_differ = entry.wanted.permissions != before.permissions;
  note_holders(entry, before);
  entry.socket.set_held(!entry.held_by.empty(), now);
  if (is_new) actions_.emplace_back(OpenSocket{address, entry.wanted.permissions});
  else if (permissions_differ && entry.socket.is_open())
    actions_.emplace_back(SetPermissions{address, entry.wanted.permissions});
}

Actions SocketTable::opened(const SocketAddress& address, Time now) {
  if (auto place = sockets_.find(address); place != sockets_.end()) {
    auto& entry = place->second;
    entry.socket.opened();
    entry.since = now;
    offer_to_all(entry);
    entry.socket.set_held(false, now);
    update(place);
  }
  return taken();
}

Actions SocketTable::could_not_be_opened(const SocketAddress& address, const std::string& reason, Time now) {
  if (auto place = sockets_.find(address); place != sockets_.end()) {
    auto& entry = place->second;
    if (entry.socket.state() != ServedSocket::State::failed) entry.since = now;
    entry.socket.could_not_be_opened(reason, now);
    to_be_offered_.insert(entry.wanted.holders.begin(), entry.wanted.holders.end());
    update(place);
  }
  return taken();
}

Actions SocketTable::client_came(const SocketAddress& address, std::optional<unsigned> waiting, Time now) {
  auto place = sockets_.find(address);
  if (place == sockets_.end() || !place->second.watched) return {};
  auto& entry = place->second;
  if (entry.socket.client_came(waiting, now)) {
    entry.socket.event_emitted(now);
    emit_events(address, entry);
  }
  update(place);
  return taken();
}

void SocketTable::emit_events(const SocketAddress& address, Entry& entry) {
  entry.one_has_failed = false;
  for (const auto& spelling : entry.wanted.spellings) {
    entry.tickets.insert(++last_ticket_);
    tickets_.emplace(last_ticket_, address);
    actions_.emplace_back(EmitEvent{address, last_ticket_, spelling.event});
  }
}

Actions SocketTable::lost(const SocketAddress& address) {
  auto place = sockets_.find(address);
  if (place == sockets_.end() || !place->second.socket.is_open()) return {};
  place->second.socket.lost();
  update(place);
  actions_.emplace_back(OpenSocket{address, place->second.wanted.permissions});
  return taken();
}

// One that a job has may be replaced by the job itself: it is looked at a little later.
Actions SocketTable::file_gone(const SocketAddress& address, Time now) {
  auto place = sockets_.find(address);
  if (place == sockets_.end() || !place->second.socket.is_open() || place->second.check_at) return {};
  if (place->second.held_by.empty()) {
    actions_.emplace_back(CheckSocket{.address = address});
  } else {
    place->second.check_at = now + patience;
    update(place);
  }
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
  tickets_.erase(known);
  auto& entry = place->second;
  entry.tickets.erase(ticket);
  entry.one_has_failed |= failed;
  if (entry.tickets.empty()) entry.socket.event_finished(entry.one_has_failed, now);
  update(place);
  return taken();
}

void SocketTable::forget_tickets(Entry& entry) {
  for (auto ticket : std::exchange(entry.tickets, {})) tickets_.erase(ticket);
}

Actions SocketTable::time_reached(Time now) {
  while (auto address = deadlines_.reached(now)) {
    auto place = sockets_.find(*address);
    auto& entry = place->second;
    if (entry.check_at && now >= *entry.check_at) {
      entry.check_at.reset();
      if (entry.socket.is_open())
        actions_.emplace_back(CheckSocket{.address = place->first, .is_held = !entry.held_by.empty()});
    }
    if (entry.socket.time_reached(now))
      actions_.emplace_back(OpenSocket{place->first, place->second.wanted.permissions});
    update(place);
  }
  return taken();
}

void SocketTable::update(Sockets::iterator place) {
  auto& [address, entry] = *place;
  auto due = entry.socket.due();
  if (entry.check_at) due = due ? std::min(*due, *entry.check_at) : *entry.check_at;
  deadlines_.set(address, due);
  if (!known_) return;
  bool watch = broker_ready_ && entry.unanswered.empty() && entry.socket.state() == ServedSocket::State::listening;
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
    result.push_back({.address = address,
                      .jobs = {entry.wanted.jobs.begin(), entry.wanted.jobs.end()},
                      .state = entry.socket.text(),
                      .holders = {entry.wanted.holders.begin(), entry.wanted.holders.end()},
                      .held_by = {entry.held_by.begin(), entry.held_by.end()},
                      .since = entry.since});
  return result;
}

} // namespace upstart::socket_bridge
