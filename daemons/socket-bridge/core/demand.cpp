#include "daemons/socket-bridge/core/demand.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::socket_bridge {

Demand::Change Demand::take(const bridge::ConditionsUpdate& update) {
  Change change;
  for (const auto& job : update.gone) {
    jobs_.erase(job);
    active_.erase(job);
  }
  for (const auto& job : update.changed) jobs_[job.job] = sockets_of_job(job);
  for (const auto& [job, active] : update.activity) {
    if (active > 0) active_.insert(job);
    else active_.erase(job);
  }
  if (!std::exchange(known_, true) || !update.changed.empty() || !update.gone.empty())
    change.sockets = make_union(change.warnings);
  for (const auto& [job, active] : update.activity)
    if (auto held = held_by_.find(job); held != held_by_.end())
      change.activity.insert(held->second.begin(), held->second.end());
  return change;
}

std::map<SocketAddress, WantedSocket> Demand::make_union(std::vector<std::string>& new_warnings) {
  auto wanted = union_of(jobs_);
  std::ranges::set_difference(wanted.warnings, warnings_, std::back_inserter(new_warnings));
  warnings_ = std::move(wanted.warnings);
  held_by_.clear();
  for (const auto& [address, socket] : wanted.sockets)
    for (const auto& job : socket.holders) held_by_[job].push_back(address);
  return std::move(wanted.sockets);
}

bool Demand::is_held(const WantedSocket& socket) const {
  return std::ranges::any_of(socket.holders, [&](const auto& job) { return active_.contains(job); });
}

} // namespace upstart::socket_bridge
