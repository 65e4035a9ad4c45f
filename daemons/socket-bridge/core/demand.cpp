#include "daemons/socket-bridge/core/demand.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::socket_bridge {

Demand::Change Demand::take(const bridge::ConditionsUpdate& update) {
  Change change;
  for (const auto& job : update.gone) jobs_.erase(job);
  for (const auto& job : update.changed) jobs_[job.job] = sockets_of_job(job);
  if (!std::exchange(known_, true) || !update.changed.empty() || !update.gone.empty())
    change.sockets = make_union(change.warnings);
  return change;
}

std::map<SocketAddress, WantedSocket> Demand::make_union(std::vector<bridge::ConditionWarning>& new_warnings) {
  auto wanted = union_of(jobs_);
  std::ranges::set_difference(wanted.warnings, warnings_, std::back_inserter(new_warnings));
  warnings_ = std::move(wanted.warnings);
  return std::move(wanted.sockets);
}

std::vector<SocketAddress> Demand::sockets_of(const std::string& job) const {
  std::vector<SocketAddress> sockets;
  auto known = jobs_.find(job);
  if (known == jobs_.end()) return sockets;
  for (const auto& use : known->second.uses)
    if (use.match.starts && !std::ranges::contains(sockets, use.condition.address))
      sockets.push_back(use.condition.address);
  return sockets;
}

} // namespace upstart::socket_bridge
