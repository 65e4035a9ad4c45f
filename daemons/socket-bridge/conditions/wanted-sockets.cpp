#include "daemons/socket-bridge/conditions/wanted-sockets.hpp"

#include <format>
#include <span>

namespace upstart::socket_bridge {

namespace {

constexpr std::string_view event_name = "socket";

std::string warning(std::string_view job, std::string_view variable, std::string_view message) {
  return std::format("job {}: {} in its socket condition: {}; this socket is not served", job, variable, message);
}

void take_expression(const std::string& job, const Postfix& expression, bool starts, JobSockets& result) {
  for (const auto& word : expression) {
    if (word.empty() || word.front() != event_name) continue;
    auto condition = understand_condition(std::span{word}.subspan(1));
    if (condition) result.uses.push_back({std::move(*condition), starts});
    else result.warnings.push_back(warning(job, condition.error().variable, condition.error().message));
  }
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
    wanted.warnings.insert(warning(job, *variable,
                                   std::format("job {} has {}={} for {}", *socket.jobs.begin(), *variable,
                                               *socket.event.get(*variable), text_of(use.condition.address))));
    return;
  }
  socket.event.merge(use.condition.event);
  join_permissions(socket.permissions, use.condition.permissions);
  socket.jobs.insert(job);
  if (use.starts) socket.holders.insert(job);
}

} // namespace

JobSockets sockets_of_job(const std::string& job, const Postfix& start_on, const Postfix& stop_on) {
  JobSockets result;
  take_expression(job, start_on, true, result);
  take_expression(job, stop_on, false, result);
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
