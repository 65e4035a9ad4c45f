// Which of several servers gets the next connection. A server is a slave that is attached, or an instance that can be
// started; it has at most so many open connections as it says. A connection is given to a server and stays with it
// until it ends; when a server goes, those that it had not taken yet are given to others. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::socket_bridge {

enum class Policy { least, round_robin, source };
[[nodiscard]] std::optional<Policy> policy_named(std::string_view name); // "least", "round-robin", "source"

using ServerId = std::uint64_t;
using ConnectionId = std::uint64_t;

class Dispatch {
public:
  explicit Dispatch(Policy policy) : policy_{policy} {}

  // `most` connections at a time; 0: any number.
  void add(ServerId server, std::size_t most);
  // The connections that it had been given and not taken.
  [[nodiscard]] std::vector<ConnectionId> remove(ServerId server);
  [[nodiscard]] bool empty() const { return servers_.empty(); }
  [[nodiscard]] std::size_t connections() const { return where_.size(); }
  [[nodiscard]] std::size_t connections_of(ServerId server) const { return servers_.at(server).open.size(); }

  // The server for a connection of this client (its address, for the policy `source`), which is given to it. Nothing
  // where all have as many as they take, or where there is none; `source` waits for the one server of that client.
  [[nodiscard]] std::optional<ServerId> give(ConnectionId connection, std::string_view client);
  // The server has it now. False: it was given to another one meanwhile, or is unknown.
  [[nodiscard]] bool take(ServerId server, ConnectionId connection);
  // It has ended.
  void end(ServerId server, ConnectionId connection);

private:
  struct Server {
    std::size_t most = 0;
    std::set<ConnectionId> open, untaken;
    std::uint64_t last_turn = 0;
    [[nodiscard]] bool has_room() const { return most == 0 || open.size() < most; }
  };
  using Servers = std::map<ServerId, Server>;

  [[nodiscard]] Servers::iterator choose(std::string_view client);

  Policy policy_;
  Servers servers_;
  std::map<ConnectionId, ServerId> where_;
  std::uint64_t turn_ = 0;
};

} // namespace upstart::socket_bridge
