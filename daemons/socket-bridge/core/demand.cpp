#include "daemons/socket-bridge/core/demand.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::socket_bridge {

Demand::Change Demand::take(const bridge::ConditionsUpdate& update, const std::set<SocketAddress>& open) {
  Change change;
  for (const auto& job : update.gone) jobs_.erase(job);
  for (const auto& job : update.changed) jobs_[job.job] = sockets_of_job(job);
  if (!std::exchange(known_, true) || !update.changed.empty() || !update.gone.empty())
    change.sockets = make_union(change.warnings, open);
  return change;
}

std::map<SocketAddress, WantedSocket> Demand::make_union(std::vector<bridge::ConditionWarning>& new_warnings,
                                                         const std::set<SocketAddress>& open) {
  auto wanted = union_of(jobs_, place_of_, open);
  served_at_ = std::move(wanted.served_at);
  std::ranges::set_difference(wanted.warnings, warnings_, std::back_inserter(new_warnings));
  warnings_ = std::move(wanted.warnings);
  return std::move(wanted.sockets);
}

std::vector<SocketAddress> Demand::sockets_of(const std::string& job) const {
  std::vector<SocketAddress> sockets;
  auto known = jobs_.find(job);
  if (known == jobs_.end()) return sockets;
  for (const auto& use : known->second.uses) {
    const auto& address = served_at_.at(use.condition.address);
    if (use.match.starts && !std::ranges::contains(sockets, address)) sockets.push_back(address);
  }
  return sockets;
}

} // namespace upstart::socket_bridge
