#include "daemons/mqtt-bridge/fleet/events-in.hpp"

#include "daemons/mqtt-bridge/conditions/node-condition.hpp"
#include "protocol/event-pattern.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <format>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::size_t most_refused_nodes = 100; // that are told of one by one

Seconds now() { return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()); }

InboxLimits limits_for(const FleetConfiguration& configuration) {
  InboxLimits limits;
  limits.most_in_all = configuration.queue;
  limits.most_waiting = configuration.queue / 4;
  return limits;
}

} // namespace

Monotonic EventsIn::clock() {
  return std::chrono::duration_cast<Monotonic>(std::chrono::steady_clock::now().time_since_epoch());
}

EventsIn::EventsIn(World world)
    : world_{world},
      inbox_{world.memory, world.memory.records(), limits_for(world.configuration)},
      refusals_{world.loop, [](const std::string& text) { spdlog::warn("{}", text); }},
      waiting_{world.loop, [this] { emit_waiting(); }} {
  look_again();
}

std::vector<bridge::ConditionWarning> EventsIn::jobs_changed(const bridge::ConditionsUpdate& update) {
  std::vector<bridge::ConditionWarning> warnings;
  for (const auto& job : update.gone) by_job_.erase(job);
  for (const auto& [job, matches] : update.changed) {
    auto& names = by_job_[job];
    names.clear();
    for (const auto& match : matches) {
      if (is_node_event(match.event)) continue;
      names.insert(match.event);
      if (!names_node(match) || world_.configuration.accepts(match.event)) continue;
      of_others_[match.event].insert(job);
      warnings.push_back(
          {job, match,
           std::format("job {}: NODE in its {} condition: no event of another node has that name here, as no pattern "
                       "of `accept' in fleet.conf fits it",
                       job, match.event)});
    }
  }
  names_.clear();
  for (const auto& [job, names] : by_job_)
    for (const auto& name : names)
      if (protocol::is_event_pattern(name) ? !world_.configuration.accept.empty() : world_.configuration.accepts(name))
        names_[name].insert(job);
  std::erase_if(of_others_, [&](auto& entry) {
    std::erase_if(entry.second, [&](const auto& job) {
      auto found = by_job_.find(job);
      return found == by_job_.end() || !found->second.contains(entry.first);
    });
    return entry.second.empty();
  });
  return warnings;
}

std::string EventsIn::filter_of(const std::string& name) const {
  return protocol::is_event_pattern(name) ? world_.topics.all_events() : world_.topics.event(name);
}

void EventsIn::add_filters(std::map<std::string, Retained>& filters) const {
  const auto& configuration = world_.configuration;
  if (!configuration.accept.empty() || configuration.allows("emit"))
    filters.emplace(world_.topics.node_events(configuration.node), Retained::never);
  for (const auto& [name, jobs] : names_) filters.emplace(filter_of(name), Retained::never);
}

std::optional<std::string> EventsIn::fault(const Topic& topic, const EventMessage& event) const {
  const auto& configuration = world_.configuration;
  if (event.name != topic.name) return std::format("it comes at the topic of events {}", topic.name);
  if (!is_node_name(event.node)) return "it does not say which node it is of";
  if (is_node_event(event.name)) return "each node makes that event for itself";
  bool is_asked_for = topic.kind == Topic::Kind::node_event && configuration.allows("emit");
  if (!is_asked_for && !configuration.accepts(event.name)) return "no pattern of `accept' in fleet.conf fits it";
  return std::nullopt;
}

void EventsIn::refuse(const std::string& node, const std::string& why) {
  if (refused_.contains(node) || refused_.size() < most_refused_nodes) {
    auto& entry = refused_[node];
    ++entry.count;
    entry.why = why;
    entry.last = std::chrono::system_clock::now();
  }
  refusals_.tell(why);
}

// Where a pattern is asked for, all events of the fleet come: most of them are simply of no interest here.
bool EventsIn::is_of_interest(const Topic& topic) const {
  return topic.kind == Topic::Kind::node_event || is_node_event(topic.name) || world_.configuration.accepts(topic.name);
}

void EventsIn::take(const Topic& topic, const Message& message) {
  if (!is_of_interest(topic)) return;
  auto event = event_from_json(message.payload);
  auto name = protocol::readable(topic.name);
  if (!event) return refuse("?", std::format("an event {} of another node is refused: {}", name, event.error()));
  auto who = is_node_name(event->node) ? event->node : "?";
  if (message.retained)
    return refuse(who, std::format("the event {} of node {} is refused: it is retained at the broker", name, who));
  if (topic.kind == Topic::Kind::event && event->node == world_.configuration.node && !event->to_all) return;
  if (auto problem = fault(topic, *event))
    return refuse(who, std::format("the event {} of node {} is refused: {}", name, who, protocol::readable(*problem)));
  forget_old();
  auto taken = inbox_.take(*event, message.topic, now(), clock());
  if (!taken) return refuse(who, std::format("the event {} is refused: {}", name, taken.error()));
  using enum Inbox::Taken;
  if (*taken == emitted) spdlog::debug("event {} of node {}", name, event->node);
  if (*taken == seen_before) spdlog::debug("event {} of node {} was there before", name, event->node);
  if (*taken == waits) look_again();
}

// Nothing grows while nothing comes, so this needs no timer.
void EventsIn::forget_old() {
  if (clock() - forgotten_ < std::chrono::hours{1}) return;
  forgotten_ = clock();
  inbox_.forget_old(now());
}

void EventsIn::emit_waiting() {
  if (!world_.memory.is_full()) inbox_.time_reached(clock());
  look_again();
}

void EventsIn::look_again() {
  auto at = clock();
  if (auto due = inbox_.due(at); due && !waiting_.active()) waiting_.start(*due - at);
}

void EventsIn::add_watches(std::vector<bridge::Watch>& watches) const {
  auto jobs_of = [](const auto& jobs) { return std::vector<std::string>{jobs.begin(), jobs.end()}; };
  auto connected = world_.link.state();
  for (const auto& [name, jobs] : names_) {
    auto refusal = world_.link.refusal_of(filter_of(name));
    auto state = !refusal.empty() ? refusal : world_.link.is_connected() ? "watched at other nodes" : connected;
    watches.push_back({.what = "event " + name,
                       .state = world_.memory.with_losses(state),
                       .since = world_.link.since(),
                       .jobs = jobs_of(jobs)});
  }
  for (const auto& [name, jobs] : of_others_)
    watches.push_back({.what = "event " + name,
                       .state = "not accepted from other nodes: no pattern of `accept' in fleet.conf fits it",
                       .since = since_,
                       .jobs = jobs_of(jobs)});
  if (inbox_.waiting() > 0)
    watches.push_back({.what = "events of nodes that send too fast",
                       .state = std::format("{} wait", inbox_.waiting()),
                       .since = since_,
                       .jobs = {}});
  for (const auto& [node, refused] : refused_)
    watches.push_back({.what = node == "?" ? "events of unknown nodes" : "events of node " + node,
                       .state = std::format("{} refused; the last time: {}", refused.count, refused.why),
                       .since = refused.last,
                       .jobs = {}});
}

} // namespace upstart::mqtt_bridge
