#include "daemons/socket-bridge/core/dispatch.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

namespace upstart::socket_bridge {

std::optional<Policy> policy_named(std::string_view name) {
  constexpr std::array names{std::pair{std::string_view{"least"}, Policy::least},
                             std::pair{std::string_view{"round-robin"}, Policy::round_robin},
                             std::pair{std::string_view{"source"}, Policy::source}};
  for (const auto& [each, policy] : names)
    if (each == name) return policy;
  return std::nullopt;
}

void Dispatch::add(ServerId server, std::size_t most) { servers_[server].most = most; }

std::vector<ConnectionId> Dispatch::remove(ServerId server) {
  auto node = servers_.extract(server);
  if (node.empty()) return {};
  for (auto connection : node.mapped().open) where_.erase(connection);
  return {node.mapped().untaken.begin(), node.mapped().untaken.end()};
}

std::optional<ServerId> Dispatch::give(ConnectionId connection, std::string_view client) {
  auto server = choose(client);
  if (server == servers_.end()) return std::nullopt;
  auto& chosen = server->second;
  chosen.open.insert(connection);
  chosen.untaken.insert(connection);
  chosen.last_turn = ++turn_;
  where_[connection] = server->first;
  return server->first;
}

Dispatch::Servers::iterator Dispatch::choose(std::string_view client) {
  if (servers_.empty()) return servers_.end();
  if (policy_ == Policy::source) {
    auto place = std::next(servers_.begin(),
                           static_cast<std::ptrdiff_t>(std::hash<std::string_view>{}(client) % servers_.size()));
    return place->second.has_room() ? place : servers_.end();
  }
  auto best = servers_.end();
  auto rank = [&](const Server& server) {
    return std::tuple{policy_ == Policy::least ? server.open.size() : 0, server.last_turn};
  };
  for (auto at = servers_.begin(); at != servers_.end(); ++at)
    if (at->second.has_room() && (best == servers_.end() || rank(at->second) < rank(best->second))) best = at;
  return best;
}

bool Dispatch::take(ServerId server, ConnectionId connection) {
  auto place = servers_.find(server);
  return place != servers_.end() && place->second.untaken.erase(connection) > 0;
}

void Dispatch::end(ServerId server, ConnectionId connection) {
  auto place = servers_.find(server);
  if (place == servers_.end() || place->second.open.erase(connection) == 0) return;
  place->second.untaken.erase(connection);
  where_.erase(connection);
}

} // namespace upstart::socket_bridge
