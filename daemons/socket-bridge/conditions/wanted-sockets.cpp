#include "daemons/socket-bridge/conditions/wanted-sockets.hpp"

#include "daemons/bridge/conditions/variables.hpp"

#include <format>

namespace upstart::socket_bridge {

namespace {

bridge::ConditionWarning warning(const bridge::ConditionFault& fault, const std::string& job,
                                 const bridge::Match& match) {
  return bridge::describe(fault, job, match, "this socket is not served");
}

// The first variable that two events of one socket disagree on.
std::optional<std::string> contradiction(const protocol::Environment& one, const protocol::Environment& other) {
  for (const auto& entry : other.strings()) {
    auto value = one.get(protocol::key_of(entry));
    if (value && *value != protocol::value_of(entry)) return std::string{protocol::key_of(entry)};
  }
  return std::nullopt;
}

void join_permissions(Permissions& into, const Permissions& more) {
  if (!into.mode) into.mode = more.mode;
  if (into.owner.empty()) into.owner = more.owner;
  if (into.group.empty()) into.group = more.group;
}

void join(const std::string& job, const JobSockets::Use& use, Wanted& wanted) {
  auto& socket = wanted.sockets[use.condition.address];
  if (auto variable = contradiction(socket.event, use.condition.event)) {
    auto message = std::format("job {} has {}={} for {}", *socket.jobs.begin(), *variable, *socket.event.get(*variable),
                               text_of(use.condition.address));
    wanted.warnings.insert(warning({*variable, message}, job, use.match));
    return;
  }
  socket.event.merge(use.condition.event);
  join_permissions(socket.permissions, use.condition.permissions);
  if (socket.jobs.empty() || use.condition.event.contains("FDNAME")) socket.name = use.condition.name;
  socket.jobs.insert(job);
  if (use.match.starts) socket.holders.insert(job);
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

Wanted union_of(const std::map<std::string, JobSockets>& jobs) {
  Wanted wanted;
  for (const auto& [job, sockets] : jobs) {
    wanted.warnings.insert(sockets.warnings.begin(), sockets.warnings.end());
    for (const auto& use : sockets.uses) join(job, use, wanted);
  }
  return wanted;
}

} // namespace upstart::socket_bridge
