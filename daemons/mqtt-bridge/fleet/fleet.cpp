#include "daemons/mqtt-bridge/fleet/fleet.hpp"

#include "protocol/event-pattern.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <format>
#include <iterator>

namespace upstart::mqtt_bridge {

namespace {

constexpr unsigned form_of_records = 1;
constexpr std::string_view life_key = "life";

std::string file_name(const FleetConfiguration& configuration) {
  return std::format("mqtt-bridge.{}.{}", configuration.fleet, configuration.node);
}

// What is known of nodes and of the jobs that ask for them is of one life of this Upstart: its next one hears anew of
// nodes that are up.
const SeenIds::Records& begin_life(bridge::EventJournal& memory, const std::string& life) {
  auto known = memory.records().find(life_key);
  if (known != memory.records().end() && known->second == life) return memory.records();
  std::vector<std::string> old;
  for (const auto& [key, value] : memory.records())
    if (NodeTable::is_record(key)) old.push_back(key);
  for (const auto& key : old) memory.erase(key);
  memory.put(life_key, life);
  return memory.records();
}

} // namespace

std::expected<std::unique_ptr<Fleet>, Fleet::Problem> Fleet::join(base::EventLoop& loop, bridge::Emitter& emitter,
                                                                  FleetConfiguration configuration, FleetPlaces places,
                                                                  const MakeConnection& make) {
  std::vector<std::string> faults;
  auto path = std::format("{}/{}.queue", places.state_directory, file_name(configuration));
  auto queue = OutgoingQueue::open(path, configuration.queue, places.life, faults);
  if (!queue)
    return std::unexpected(std::format("{} (one process at a time can be node {} of the fleet {})", queue.error(),
                                       configuration.node, configuration.fleet));
  for (const auto& fault : faults) spdlog::warn("{}", fault);
  std::unique_ptr<Fleet> fleet{
      new Fleet{loop, emitter, std::move(configuration), std::move(places), std::move(*queue), make}};
  if (const auto& problem = fleet->memory_.problem(); !problem.empty()) return std::unexpected(problem);
  return fleet;
}

Fleet::Fleet(base::EventLoop& loop, bridge::Emitter& emitter, FleetConfiguration configuration, FleetPlaces places,
             OutgoingQueue queue, const MakeConnection& make)
    : configuration_{std::move(configuration)},
      topics_{configuration_.fleet},
      memory_{loop,
              emitter,
              places.state_directory,
              file_name(configuration_),
              form_of_records,
              [this] { link_.connection().pause_reading(false); },
              bridge::Unwritten::waits},
      nodes_{memory_, begin_life(memory_, places.life), configuration_.node},
      link_{{loop, configuration_.broker(), memory_, memory_.records()},
            [&](auto events) {
              Publication will{.topic = topics_.state(configuration_.node), .payload = offline_state(), .retain = true};
              return make(configuration_, std::move(will), std::move(events));
            },
            {.connected = [this](bool session_present) { connected(session_present); },
             .lost = [this] { lost(); },
             .message = [this](const auto& message) { received(message); },
             .batch_over = [this] { return batch_over(); }}},
      questions_{loop, link_, topics_, configuration_.node},
      calls_{{loop, link_, questions_, topics_, configuration_, memory_, memory_.records(), places.initctl}},
      in_{{loop, link_, topics_, configuration_, memory_}},
      out_{{loop, link_, topics_, configuration_, places.run_directory}, std::move(queue), places.life},
      presence_{{loop, link_, topics_, configuration_, memory_, memory_.records(), places.jobs_address}} {
  want(false);
}

Fleet::~Fleet() = default;

void Fleet::want(bool all) {
  std::map<std::string, Retained> filters{
      {topics_.reply("+", configuration_.node), Retained::never},
      {topics_.call(configuration_.node), Retained::never},
  };
  for (const auto& node : nodes_.wanted()) filters.emplace(topics_.state(node), Retained::always);
  in_.add_filters(filters);
  link_.want(std::move(filters), all);
}

std::vector<bridge::ConditionWarning> Fleet::jobs_changed(const bridge::ConditionsUpdate& update) {
  auto warnings = nodes_.jobs_changed(update);
  std::ranges::move(in_.jobs_changed(update), std::back_inserter(warnings));
  want(true);
  return warnings;
}

void Fleet::connected(bool session_present) {
  presence_.connected(session_present);
  out_.connected();
}

void Fleet::lost() {
  out_.connection_lost();
  presence_.connection_lost();
  questions_.connection_lost();
  calls_.connection_lost();
}

void Fleet::received(const Message& message) {
  auto topic = topics_.parse(message.topic);
  if (!topic) return;
  using enum Topic::Kind;
  switch (topic->kind) {
  case event:
  case node_event: return in_.take(*topic, message);
  case state: return take_state(topic->node, message);
  case call: return calls_.take_call(message);
  case reply:
    // Others may write replies to this node, but not as this node.
    if (topic->node != configuration_.node || !questions_.take_mark(message.correlation))
      calls_.take_reply(message, topic->node);
    return;
  case job: return;
  }
}

void Fleet::take_state(const std::string& node, const Message& message) {
  if (!is_node_name(node)) return;
  if (message.payload.empty()) return nodes_.take_state(node, std::nullopt);
  auto state = node_state_from_json(message.payload);
  if (!state) return spdlog::warn("the state of node {} is ignored: {}", node, state.error());
  questions_.take_state(node, *state);
  nodes_.take_state(node, state->online);
}

// The broker's messages are acknowledged after this, if they are on disk.
bool Fleet::batch_over() {
  bool written = memory_.commit();
  calls_.batch_over(written);
  if (memory_.is_full()) link_.connection().pause_reading(true);
  return written;
}

void Fleet::emit_to_all(const Emission& emission, Emitted answer) {
  auto number = out_.add_for_all(emission.name, emission.env, emission.token);
  if (!number) return answer(std::unexpected{number.error()});
  conclude({*number}, {}, emission, answer);
}

void Fleet::conclude(const EventsOut::Numbers& numbers, Notes notes, const Emission& emission, const Emitted& answer) {
  if (!emission.wait) return answer(std::move(notes));
  out_.wait_for(numbers, emission.limit, [answer, notes = std::move(notes)](const auto& outcome) {
    if (outcome) answer(notes);
    else answer(std::unexpected{outcome.error()});
  });
}

void Fleet::emit_to_nodes(const std::string& pattern, const Emission& emission, Emitted answer) {
  auto asked = protocol::is_event_pattern(pattern) ? "+" : pattern;
  questions_.ask(asked, emission.limit, [this, pattern, emission, answer = std::move(answer)](const auto& states) {
    if (!states) return answer(std::unexpected{states.error()});
    emit_to(*states, pattern, emission, answer);
  });
}

void Fleet::emit_to(const NodeStates& states, const std::string& pattern, const Emission& emission,
                    const Emitted& answer) {
  EventsOut::Numbers numbers;
  Notes notes;
  auto name = protocol::readable(emission.name);
  for (const auto& [node, state] : states) {
    if (!protocol::event_fits(pattern, node)) continue;
    auto fits = [&](const auto& accepted) { return protocol::event_fits(accepted, emission.name); };
    if (!state.online) notes.push_back(std::format("node {} is offline: the event was not sent to it", node));
    else if (!std::ranges::any_of(state.accept, fits) && !std::ranges::contains(state.allow, "emit"))
      notes.push_back(std::format("node {} does not accept the event {} (`accept' in its fleet.conf)", node, name));
    else {
      auto number = out_.add_for(node, emission.name, emission.env, emission.token);
      if (!number)
        return answer(std::unexpected{numbers.empty()
                                          ? number.error()
                                          : std::format("{}; {} nodes before node {} get the event, the others do not",
                                                        number.error(), numbers.size(), node)});
      numbers.push_back(*number);
    }
  }
  if (numbers.empty() && notes.empty())
    return answer(std::unexpected{std::format("no node {} is in the fleet {}", pattern, configuration_.fleet)});
  if (numbers.empty()) {
    std::string text;
    for (const auto& note : notes) text += (text.empty() ? "" : "; ") + note;
    return answer(std::unexpected{text});
  }
  conclude(numbers, std::move(notes), emission, answer);
}

std::vector<bridge::Watch> Fleet::watches() const {
  std::vector<bridge::Watch> watches{
      {.what = std::format("fleet {} as node {}", configuration_.fleet, configuration_.node),
       .state = link_.state(),
       .since = link_.since(),
       .jobs = {}}};
  in_.add_watches(watches);
  out_.add_watches(watches);
  bool all_nodes = nodes_.wanted().contains("+");
  for (const auto& [event, pattern, jobs] : nodes_.asked()) {
    auto known = nodes_.is_online(pattern);
    auto refusal = link_.refusal_of(topics_.state(all_nodes ? "+" : pattern));
    auto state = !link_.is_connected() ? link_.state()
                 : !refusal.empty()    ? refusal
                 : known               ? (*known ? "it is up" : "it is down")
                                       : "watched";
    watches.push_back({.what = std::format("{} NODE={}", event, pattern),
                       .state = state,
                       .since = link_.since(),
                       .jobs = {jobs.begin(), jobs.end()}});
  }
  std::ranges::sort(watches, {}, &bridge::Watch::what);
  return watches;
}

} // namespace upstart::mqtt_bridge
