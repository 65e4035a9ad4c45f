// Which socket is to be looked at again when: at most one time for each.
#pragma once

#include "daemons/socket-bridge/values/socket-address.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace upstart::socket_bridge {

using Time = std::chrono::milliseconds; // on the monotonic clock

class Deadlines {
public:
  // Replaces the time of this socket; nothing: it has none any more.
  void set(const SocketAddress& address, std::optional<Time> time) {
    if (auto place = times_.find(address); place != times_.end()) {
      if (time == place->second) return;
      order_.erase({place->second, address});
      times_.erase(place);
    }
    if (!time) return;
    times_.emplace(address, *time);
    order_.emplace(*time, address);
  }

  [[nodiscard]] std::optional<Time> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

  // The first whose time has come. Its time stays until it is set anew.
  [[nodiscard]] std::optional<SocketAddress> reached(Time now) const {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    return order_.begin()->second;
  }

private:
  std::map<SocketAddress, Time> times_;
  std::set<std::pair<Time, SocketAddress>> order_;
};

} // namespace upstart::socket_bridge
