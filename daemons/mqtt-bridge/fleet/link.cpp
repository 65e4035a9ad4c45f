#include "daemons/mqtt-bridge/fleet/link.hpp"

#include <spdlog/spdlog.h>

#include <format>

namespace upstart::mqtt_bridge {

namespace {

// The answer to a ticket, which is then not outstanding any more.
void answer(std::map<MqttConnection::Ticket, Link::Answered>& outstanding, MqttConnection::Ticket ticket,
            const std::string& refusal) {
  auto found = outstanding.extract(ticket);
  if (!found.empty() && found.mapped()) found.mapped()(refusal);
}

} // namespace

Link::Link(base::EventLoop& loop, std::string broker, const Make& make, Events events)
    : loop_{loop},
      broker_{std::move(broker)},
      events_{std::move(events)},
      warning_{loop,
               [this](const std::string& why) {
                 spdlog::warn("the broker {} is unreachable: {}; events for other nodes wait on disk", broker_, why);
               }},
      connection_{
          make({.connected = [this](bool session_present) { connected(session_present); },
                .lost = [this](const auto& why) { lost(why); },
                .message = [this](const auto& message) { events_.message(message); },
                .batch_over = [this] { events_.batch_over(); },
                .published = [this](auto ticket, const auto& refusal) { answer(published_, ticket, refusal); },
                .subscribed = [this](auto ticket, const auto& refusal) { answer(subscribed_, ticket, refusal); }})} {}

Link::~Link() = default;

std::string Link::state() const {
  if (connected_) return "connected to " + broker_;
  return std::format("the broker {} is unreachable: {}", broker_, why_not_);
}

void Link::connected(bool session_present) {
  connected_ = true;
  since_ = std::chrono::system_clock::now();
  warning_.recovered();
  spdlog::info("connected to the broker {}{}", broker_, session_present ? "" : ", which begins a new session");
  for (const auto& [filter, retained] : wanted_) subscribe(filter, retained, {});
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
  refusals_.clear();
  held_.clear();
  events_.lost();
}

void Link::when_connected(std::chrono::milliseconds limit, std::function<void(const std::string& problem)> action) {
  if (connected_) return action("");
  auto waiting = waiting_.insert(waiting_.end(), Waiting{nullptr, std::move(action)});
  waiting->limit = std::make_unique<base::Timer>(loop_, [this, waiting] { finish(waiting, state()); });
  waiting->limit->start(limit);
}

// The timer that may be calling lives until this is done.
void Link::finish(std::list<Waiting>::iterator waiting, const std::string& problem) {
  std::list<Waiting> finished;
  finished.splice(finished.begin(), waiting_, waiting);
  finished.front().action(problem);
  loop_.defer([kept = std::make_shared<std::list<Waiting>>(std::move(finished))] {});
}

void Link::publish(const Publication& publication, Answered answered) {
  if (!connected_) return;
  auto ticket = connection_->publish(publication);
  if (ticket) published_.emplace(*ticket, std::move(answered));
  else answered(ticket.error());
}

void Link::subscribe(const std::string& filter, Retained retained, Answered answered) {
  auto ticket = connection_->subscribe(filter, retained);
  auto note = [this, filter, answered = std::move(answered)](const std::string& refusal) {
    if (!refusal.empty() && refusals_[filter] != refusal) {
      refusals_[filter] = refusal;
      spdlog::error("the broker does not let this node subscribe to {}: {}", filter, refusal);
    }
    if (answered) answered(refusal);
  };
  if (ticket) subscribed_.emplace(*ticket, std::move(note));
  else note(ticket.error());
}

void Link::want(std::map<std::string, Retained> filters) {
  auto before = std::exchange(wanted_, std::move(filters));
  if (!connected_) return;
  for (const auto& [filter, retained] : before)
    if (!wanted_.contains(filter) && !held_.contains(filter)) connection_->unsubscribe(filter);
  for (const auto& [filter, retained] : wanted_)
    if (!before.contains(filter)) subscribe(filter, retained, {});
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
  if (!wanted_.contains(filter)) connection_->unsubscribe(filter);
}

} // namespace upstart::mqtt_bridge
