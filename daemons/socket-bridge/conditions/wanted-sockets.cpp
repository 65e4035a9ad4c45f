#include "daemons/socket-bridge/conditions/wanted-sockets.hpp"

#include "daemons/bridge/conditions/variables.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::socket_bridge {

namespace {

bridge::ConditionWarning warning(const bridge::ConditionFault& fault, const std::string& job,
                                 const bridge::Match& match) {
  return bridge::describe(fault, job, match, "this socket is not served");
}

constexpr std::array<std::string_view, 3> spelt_variables{"SOCKET_PATH", "PATH", "ADDR"};

// The variables that two events of one socket disagree on.
std::vector<std::string> contradictions(const protocol::Environment& one, const protocol::Environment& other) {
  std::vector<std::string> variables;
  for (const auto& entry : other.strings()) {
    auto value = one.get(protocol::key_of(entry));
    if (value && *value != protocol::value_of(entry)) variables.emplace_back(protocol::key_of(entry));
  }
  return variables;
}

bool is_spelt(const std::string& variable) { return std::ranges::contains(spelt_variables, variable); }

std::optional<bridge::ConditionFault> contradiction(const WantedSocket& socket, const SocketCondition& condition) {
  for (const auto& spelling : socket.spellings)
    for (const auto& variable : contradictions(spelling.event, condition.event))
      if (!is_spelt(variable))
        return bridge::ConditionFault{variable, std::format("job {} has {}={} for {}", *spelling.jobs.begin(), variable,
                                                            *spelling.event.get(variable), text_of(condition.address))};
  return std::nullopt;
}

void join_permissions(Permissions& into, const Permissions& more) {
  if (!into.mode) into.mode = more.mode;
  if (into.owner.empty()) into.owner = more.owner;
  if (into.group.empty()) into.group = more.group;
}

WantedSocket::Spelling& spelling_of(const SocketCondition& condition, WantedSocket& socket) {
  for (auto& spelling : socket.spellings)
    if (contradictions(spelling.event, condition.event).empty()) return spelling;
  return socket.spellings.emplace_back();
}

void join(const std::string& job, const JobSockets::Use& use, Wanted& wanted) {
  auto& socket = wanted.sockets[wanted.served_at.at(use.condition.address)];
  if (auto fault = contradiction(socket, use.condition)) {
    wanted.warnings.insert(warning(*fault, job, use.match));
    return;
  }
  auto& spelling = spelling_of(use.condition, socket);
  spelling.event.merge(use.condition.event);
  spelling.jobs.insert(job);
  join_permissions(socket.permissions, use.condition.permissions);
  if (socket.jobs.empty() || use.condition.event.contains("FDNAME")) socket.name = use.condition.name;
  socket.jobs.insert(job);
  if (use.match.starts) socket.holders.insert(job);
}

std::map<SocketAddress, SocketAddress> addresses_of_sockets(const std::map<std::string, JobSockets>& jobs,
                                                            const PlaceOf& place_of,
                                                            const std::set<SocketAddress>& open) {
  std::map<SocketAddress, SocketAddress> places;  // of addresses
  std::map<SocketAddress, SocketAddress> sockets; // at places
  for (const auto& [_, named] : jobs) {
    for (const auto& use : named.uses) {
      const auto& address = use.condition.address;
      if (places.contains(address)) continue;
      const auto& place = places[address] = place_of(address);
      if (!sockets.contains(place) || open.contains(address)) sockets[place] = address;
    }
  }
  std::map<SocketAddress, SocketAddress> served_at;
  for (const auto& [address, place] : places) served_at.emplace(address, sockets.at(place));
  return served_at;
}

} // namespace

JobSockets sockets_of_job(const bridge::JobConditions& conditions) {
  JobSockets result;
  for (const auto& match : conditions.matches) {
    if (is_of_master(match.arguments)) continue;
    auto condition = parse_condition(match.arguments);
    if (condition) result.uses.push_back({std::move(*condition), match});
    else result.warnings.push_back(warning(condition.error(), conditions.job, match));
  }
  return result;
}

protocol::Environment WantedSocket::event_for(const std::string& job) const {
  for (const auto& spelling : spellings)
    if (spelling.jobs.contains(job)) return spelling.event;
  return {};
}

Wanted union_of(const std::map<std::string, JobSockets>& jobs, const PlaceOf& place_of,
                const std::set<SocketAddress>& open) {
  Wanted wanted;
  wanted.served_at = addresses_of_sockets(jobs, place_of, open);
  for (const auto& [job, sockets] : jobs) {
    wanted.warnings.insert(sockets.warnings.begin(), sockets.warnings.end());
    for (const auto& use : sockets.uses) join(job, use, wanted);
  }
  return wanted;
}

} // namespace upstart::socket_bridge
