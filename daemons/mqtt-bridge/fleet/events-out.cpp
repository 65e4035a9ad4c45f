#include "daemons/mqtt-bridge/fleet/events-out.hpp"

#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <format>

namespace upstart::mqtt_bridge {

namespace {

constexpr const char* handler_name = "mqtt-bridge";

std::int64_t microseconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

// One that has come from another node, or is about one, does not go round.
bool is_of_other_node(const std::vector<std::string>& environment) {
  return std::ranges::any_of(environment, [](const std::string& entry) { return entry.starts_with("NODE="); });
}

} // namespace

EventsOut::EventsOut(World world, OutgoingQueue queue, std::string life)
    : world_{std::move(world)},
      queue_{std::move(queue)},
      life_{std::move(life)},
      not_queued_{world_.loop, [](const std::string& text) { spdlog::error("{}", text); }},
      refused_{world_.loop, [](const std::string& text) { spdlog::error("{}", text); }},
      settle_{world_.loop, [this] { settle(); }},
      listener_{world_.loop,
                protocol::daemon_address(world_.run_directory, protocol::socket_name::broker),
                handler_name,
                {.heard = [this](const auto& event) { heard(event); }, .attached = [] {}}} {
  if (queue_.waiting() > 0) spdlog::info("{} events wait for the broker, or may not have arrived", queue_.waiting());
  const auto& publish = world_.configuration.publish;
  if (publish.empty()) listener_.attach_anyway(); // none waits for this bridge any more
  else listener_.want({publish.begin(), publish.end()});
}

EventsOut::~EventsOut() {
  *alive_ = false;
  queue_.write();
}

EventMessage EventsOut::message(const std::string& name, std::vector<std::string> env) const {
  return {.id = {},
          .name = name,
          .env = std::move(env),
          .node = world_.configuration.node,
          .time = microseconds_of(std::chrono::system_clock::now())};
}

void EventsOut::heard(const bridge::HeardEvent& event) {
  if (world_.configuration.publishes(event.name) && !is_of_other_node(event.environment)) {
    auto to_send = message(event.name, event.environment);
    auto added = queue_.add_heard(world_.topics.event(event.name), std::move(to_send), life_, event.id);
    if (!added) {
      ++lost_;
      last_loss_ = added.error();
      not_queued_.tell(
          std::format("the event {} is not told to other nodes: {}", protocol::readable(event.name), added.error()));
    }
    send_later();
  }
  listener_.have(event.id);
}

std::expected<OutgoingQueue::Number, std::string>
EventsOut::add_for_all(const std::string& name, std::vector<std::string> env, const std::string& token) {
  auto event = message(name, std::move(env));
  event.to_all = true;
  auto number = queue_.add(world_.topics.event(name), std::move(event), token);
  send_later();
  return number;
}

std::expected<OutgoingQueue::Number, std::string> EventsOut::add_for(const std::string& node, const std::string& name,
                                                                     std::vector<std::string> env,
                                                                     const std::string& token) {
  auto number = queue_.add(world_.topics.node_event(node, name), message(name, std::move(env)), token, node);
  send_later();
  return number;
}

std::string EventsOut::why_waiting() const {
  return std::format("it waits on disk, and is sent when the broker has acknowledged what is before it; {}",
                     world_.link.state());
}

void EventsOut::wait_for(const Numbers& numbers, std::chrono::milliseconds limit, Answer answer) {
  std::set<OutgoingQueue::Number> open;
  for (auto number : numbers)
    if (queue_.waits(number)) open.insert(number);
  if (open.empty()) return answer({});
  auto waiter = waiters_.insert(waiters_.end(), Waiter{std::move(open), {}, nullptr, std::move(answer)});
  waiter->limit = std::make_unique<base::Timer>(world_.loop, [this, waiter, limit] {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
    finish(waiter, std::unexpected{std::format("the broker has not acknowledged the event within {} s: {}", seconds,
                                               why_waiting())});
  });
  waiter->limit->start(limit);
}

void EventsOut::finish(Waiters::iterator waiter, std::expected<void, std::string> outcome) {
  auto finished = std::make_shared<Waiters>();
  finished->splice(finished->begin(), waiters_, waiter);
  finished->front().answer(std::move(outcome));
  world_.loop.defer([finished] {}); // its timer may be calling
}

void EventsOut::connected() { send(); }

void EventsOut::connection_lost() { queue_.connection_lost(); }

void EventsOut::send() {
  if (!world_.link.is_connected()) return;
  for (auto& [number, topic, payload] : queue_.take_sendable())
    world_.link.publish({.topic = topic, .payload = std::move(payload)},
                        [this, number, topic](const std::string& refusal) { answered(number, topic, refusal); });
}

// At the end of the turn of the loop: what was acknowledged meanwhile makes one write, and room for more.
void EventsOut::send_later() {
  if (std::exchange(send_is_due_, true)) return;
  world_.loop.defer([this, alive = alive_] {
    if (!*alive) return;
    send_is_due_ = false;
    queue_.write();
    send();
  });
}

// Once in a while, for all that has settled by then.
void EventsOut::settle() {
  if (queue_.settle(std::chrono::steady_clock::now())) settle_.start(OutgoingQueue::settle_time / 2);
  queue_.write();
}

void EventsOut::answered(OutgoingQueue::Number number, const std::string& topic, const std::string& refusal) {
  if (refusal.empty()) queue_.acknowledged(number, std::chrono::steady_clock::now());
  else queue_.refused(number);
  if (!settle_.active()) settle_.start(OutgoingQueue::settle_time);
  send_later();
  if (!refusal.empty()) {
    ++lost_;
    last_loss_ = refusal;
    refused_.tell(std::format("an event at {} did not go to other nodes: {}", topic, refusal));
  }
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    auto next = std::next(waiter);
    if (waiter->numbers.erase(number) > 0) {
      if (!refusal.empty()) waiter->refusal = refusal;
      if (waiter->numbers.empty())
        finish(waiter, waiter->refusal.empty() ? std::expected<void, std::string>{}
                                               : std::unexpected{"the event is " + waiter->refusal});
    }
    waiter = next;
  }
}

void EventsOut::add_watches(std::vector<bridge::Watch>& watches) const {
  std::string state = queue_.waiting() == 0 ? "published"
                                            : std::format("{} events ({} bytes) wait on disk; {}", queue_.waiting(),
                                                          queue_.bytes(), world_.link.state());
  if (lost_ > 0) state += std::format("; {} did not go to other nodes, the last one: {}", lost_, last_loss_);
  for (const auto& pattern : world_.configuration.publish)
    watches.push_back({.what = "events " + pattern + " of this node", .state = state, .since = since_, .jobs = {}});
}

} // namespace upstart::mqtt_bridge
