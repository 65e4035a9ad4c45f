#include "daemons/mqtt-bridge/fleet/link.hpp"

#include <spdlog/spdlog.h>

#include <format>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::string_view of_filter = "filter/";

// The answer to a ticket, which is then not outstanding any more.
void answer(std::map<MqttConnection::Ticket, Link::Answered>& outstanding, MqttConnection::Ticket ticket,
            const std::string& refusal) {
  auto found = outstanding.extract(ticket);
  if (!found.empty() && found.mapped()) found.mapped()(refusal);
}

} // namespace

Link::Link(World world, const Make& make, Events events)
    : world_{std::move(world)},
      events_{std::move(events)},
      warning_{world_.loop,
               [this](const std::string& why) {
                 spdlog::warn("the broker {} is unreachable: {}; events for other nodes wait on disk", world_.broker,
                              why);
               }},
      connection_{
          make({.connected = [this](bool session_present) { connected(session_present); },
                .lost = [this](const auto& why) { lost(why); },
                .message = [this](const auto& message) { events_.message(message); },
                .batch_over = [this] { return events_.batch_over(); },
                .published = [this](auto ticket, const auto& refusal) { answer(published_, ticket, refusal); },
                .subscribed = [this](auto ticket, const auto& refusal) { answer(subscribed_, ticket, refusal); },
                .unsubscribed = [this](auto ticket) { answer(unsubscribed_, ticket, ""); }})} {
  const auto& records = world_.records;
  for (auto record = records.lower_bound(of_filter); record != records.end() && record->first.starts_with(of_filter);
       ++record)
    subscribed_to_.insert(record->first.substr(of_filter.size()));
}

Link::~Link() = default;

std::string Link::state() const {
  if (connected_) return "connected to " + world_.broker;
  return std::format("the broker {} is unreachable: {}", world_.broker, why_not_);
}

void Link::connected(bool session_present) {
  connected_ = true;
  since_ = std::chrono::system_clock::now();
  warning_.recovered();
  spdlog::info("connected to the broker {}{}", world_.broker, session_present ? "" : ", which begins a new session");
  for (const auto& [filter, retained] : wanted_) subscribe(filter, retained, {});
  if (all_known_) unsubscribe_others();
  events_.connected(session_present);
  while (!waiting_.empty()) finish(waiting_.begin(), "");
}

void Link::lost(const std::string& why) {
  why_not_ = why;
  warning_.failing(why);
  if (!std::exchange(connected_, false)) return spdlog::debug("unable to connect to the broker: {}", why);
  since_ = std::chrono::system_clock::now();
  spdlog::info("the connection to the broker is lost: {}", why);
  published_.clear();
  subscribed_.clear();
  unsubscribed_.clear();
  refusals_.clear();
  held_.clear();
  events_.lost();
}

void Link::when_connected(std::chrono::milliseconds limit, std::function<void(const std::string& problem)> action) {
  if (connected_) return action("");
  auto waiting = waiting_.insert(waiting_.end(), Waiting{nullptr, std::move(action)});
  waiting->limit = std::make_unique<base::Timer>(world_.loop, [this, waiting] { finish(waiting, state()); });
  waiting->limit->start(limit);
}

// The timer that may be calling lives until this is done.
void Link::finish(std::list<Waiting>::iterator waiting, const std::string& problem) {
  std::list<Waiting> finished;
  finished.splice(finished.begin(), waiting_, waiting);
  finished.front().action(problem);
  world_.loop.defer([kept = std::make_shared<std::list<Waiting>>(std::move(finished))] {});
}

void Link::publish(const Publication& publication, Answered answered) {
  if (!connected_) return;
  auto ticket = connection_->publish(publication);
  if (ticket) published_.emplace(*ticket, std::move(answered));
  else answered(ticket.error());
}

void Link::subscribe(const std::string& filter, Retained retained, Answered answered) {
  if (subscribed_to_.insert(filter).second) world_.memory.put(std::string{of_filter} + filter, {});
  auto ticket = connection_->subscribe(filter, retained);
  auto note = [this, filter, answered = std::move(answered)](const std::string& refusal) {
    if (refusal.empty()) refusals_.erase(filter);
    else if (refusals_[filter] != refusal) {
      refusals_[filter] = refusal;
      spdlog::error("the broker does not let this node subscribe to {}: {}", filter, refusal);
    }
    if (answered) answered(refusal);
  };
  if (ticket) subscribed_.emplace(*ticket, std::move(note));
  else note(ticket.error());
}

void Link::want(std::map<std::string, Retained> filters, bool all) {
  auto before = std::exchange(wanted_, std::move(filters));
  all_known_ = all;
  if (!connected_) return;
  for (const auto& [filter, retained] : wanted_)
    if (!before.contains(filter)) subscribe(filter, retained, {});
  if (all_known_) unsubscribe_others();
}

// Where the broker has begun a new session it has none of them, and takes no offence. Each is known until the broker
// has answered: if the connection is lost before that, it is given back on the next one.
void Link::unsubscribe_others() {
  for (const auto& filter : subscribed_to_) {
    if (is_asked_for(filter)) continue;
    auto ticket = connection_->unsubscribe(filter);
    if (!ticket) {
      spdlog::warn("the broker cannot be told that {} is not wanted any more: {}", filter, ticket.error());
      continue;
    }
    unsubscribed_.emplace(*ticket, [this, filter](const std::string&) {
      if (is_asked_for(filter)) return; // again, meanwhile
      subscribed_to_.erase(filter);
      world_.memory.erase(std::string{of_filter} + filter);
    });
  }
}

std::string Link::refusal_of(const std::string& filter) const {
  auto found = refusals_.find(filter);
  return found == refusals_.end() ? "" : found->second;
}

void Link::hold(const std::string& filter, Answered answered) {
  ++held_[filter];
  subscribe(filter, Retained::always, std::move(answered));
}

void Link::release(const std::string& filter) {
  auto held = held_.find(filter);
  if (held == held_.end() || --held->second > 0) return;
  held_.erase(held);
  if (all_known_) unsubscribe_others();
}

} // namespace upstart::mqtt_bridge
