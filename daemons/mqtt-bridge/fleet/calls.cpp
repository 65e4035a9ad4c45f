#include "daemons/mqtt-bridge/fleet/calls.hpp"

#include "daemons/base/bytes.hpp"
#include "daemons/base/event-emitter.hpp"
#include "daemons/mqtt-bridge/commands/command-rules.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::string_view of_call = "call/";
constexpr std::size_t longest_correlation = 200;

} // namespace

Calls::Calls(World world)
    : world_{std::move(world)},
      runner_{world_.loop, world_.initctl},
      refusals_{world_.loop, [](const std::string& text) { spdlog::warn("{}", text); }} {
  const auto& records = world_.records;
  for (auto record = records.lower_bound(of_call); record != records.end() && record->first.starts_with(of_call);
       ++record)
    recent_.emplace(base::ByteReader{record->second}.number(), record->first.substr(of_call.size()));
}

void Calls::call(const std::string& node, std::vector<std::string> words, std::chrono::seconds limit, Answer answer) {
  auto key = base::random_identity();
  auto& pending = pending_[key];
  pending = {.node = node, .limit = nullptr, .answer = std::move(answer)};
  pending.limit = std::make_unique<base::Timer>(world_.loop, [this, key, node, limit] {
    finish(key, std::unexpected{std::format("node {} has not answered within {} s", node, limit.count())});
  });
  pending.limit->start(limit);
  CallMessage message{
      .words = std::move(words), .node = world_.configuration.node, .limit = static_cast<unsigned>(limit.count())};
  world_.questions.ask(node, limit, [this, key, message = std::move(message)](const auto& states) {
    auto place = pending_.find(key);
    if (place == pending_.end()) return;
    if (!states) return finish(key, std::unexpected{states.error()});
    const auto& name = place->second.node;
    auto state = states->find(name);
    if (state == states->end())
      return finish(
          key, std::unexpected{std::format("there is no node {} in the fleet {}", name, world_.configuration.fleet)});
    if (!state->second.online) return finish(key, std::unexpected{std::format("node {} is offline", name)});
    if (!std::ranges::contains(state->second.allow, message.words.front()))
      return finish(key, std::unexpected{std::format("node {} does not allow `{}' to other nodes (`allow' in its "
                                                     "fleet.conf)",
                                                     name, message.words.front())});
    send(name, key, message);
  });
}

void Calls::send(const std::string& node, const std::string& key, CallMessage call) {
  auto payload = to_json(call);
  if (payload.size() > most_call_bytes) return finish(key, std::unexpected{"the command is too long for another node"});
  world_.link.publish({.topic = world_.topics.call(node),
                       .payload = std::move(payload),
                       .response_topic = world_.topics.reply(node, world_.configuration.node),
                       .correlation = key,
                       .expiry = call.limit},
                      [this, key, node](const std::string& refusal) {
                        if (!refusal.empty())
                          finish(key,
                                 std::unexpected{std::format("this node may not call node {}: {}", node, refusal)});
                      });
}

void Calls::finish(const std::string& key, std::expected<ReplyMessage, std::string> outcome) {
  auto found = pending_.extract(key);
  if (found.empty()) return;
  auto pending = std::make_shared<Pending>(std::move(found.mapped()));
  pending->answer(std::move(outcome));
  world_.loop.defer([pending] {}); // its timer may be calling
}

void Calls::take_reply(const Message& message, const std::string& from) {
  auto pending = pending_.find(message.correlation);
  if (pending == pending_.end() || pending->second.node != from) return;
  auto reply = reply_from_json(message.payload);
  if (reply) return finish(message.correlation, std::move(*reply));
  finish(message.correlation,
         std::unexpected{std::format("the reply of node {} cannot be read: {}", from, reply.error())});
}

void Calls::connection_lost() {
  std::vector<std::string> keys;
  for (const auto& [key, pending] : pending_) keys.push_back(key);
  for (const auto& key : keys)
    finish(key,
           std::unexpected{"the connection to the broker was lost; the command may or may not have been executed"});
}

std::optional<std::uint64_t> Calls::remember(const std::string& call) {
  if (std::ranges::contains(recent_ | std::views::values, call)) return std::nullopt;
  auto number = recent_.empty() ? 1 : recent_.rbegin()->first + 1;
  recent_.emplace(number, call);
  std::string bytes;
  base::ByteWriter{bytes}.number(number);
  world_.memory.put(std::string{of_call} + call, std::move(bytes));
  if (recent_.size() > most_remembered) forget(recent_.begin()->first);
  return number;
}

void Calls::forget(std::uint64_t number) {
  auto call = recent_.extract(number);
  if (!call.empty()) world_.memory.erase(std::string{of_call} + call.mapped());
}

void Calls::take_call(const Message& message) {
  auto refuse = [this](const std::string& why) { refusals_.tell("a call of another node is refused: " + why); };
  if (message.retained) return refuse("retained messages are not executed");
  auto call = call_from_json(message.payload);
  if (!call) return refuse(call.error());
  if (!is_node_name(call->node)) return refuse("it does not say which node asks");
  auto topic = world_.topics.parse(message.response_topic);
  bool own_topic = topic && topic->kind == Topic::Kind::reply && topic->node == world_.configuration.node;
  if (!own_topic || topic->asker != call->node)
    return refuse(std::format("that of node {} has an invalid response topic", call->node));
  if (message.correlation.empty() || message.correlation.size() > longest_correlation)
    return refuse(std::format("the correlation data of that of node {} is missing or too long", call->node));
  if (auto number = remember(call->node + "/" + message.correlation))
    taken_.push_back({std::move(*call), message.response_topic, message.correlation, *number});
}

void Calls::batch_over(bool written) {
  for (const auto& taken : std::exchange(taken_, {}))
    if (written) execute(taken);
    else forget(taken.number);
}

void Calls::execute(const Taken& taken) {
  const auto& [call, reply_topic, correlation, number] = taken;
  auto refuse = [&](const std::string& why) {
    refusals_.tell(std::format("a call of node {} is refused: {}", taken.call.node, protocol::readable(why)));
    reply(taken.reply_topic, taken.correlation, {.status = 1, .output = {}, .errors = why + "\n"});
  };
  auto arguments = checked_command(call.words, world_.configuration);
  if (!arguments) return refuse(arguments.error());
  auto of_node = running_.find(call.node);
  if (runner_.running() >= most_running || (of_node != running_.end() && of_node->second >= most_of_one_node))
    return refuse(
        std::format("node {} executes as many commands of other nodes as it may at a time", world_.configuration.node));
  ++running_[call.node];
  spdlog::info("node {} has `{}' executed", call.node, call.words.front());
  runner_.run(std::move(*arguments), std::chrono::seconds{call.limit},
              [this, node = call.node, topic = reply_topic, mark = correlation](const ReplyMessage& done) {
                if (--running_[node] == 0) running_.erase(node);
                reply(topic, mark, done);
              });
}

void Calls::reply(const std::string& topic, const std::string& correlation, const ReplyMessage& reply) {
  constexpr unsigned kept = 60; // seconds, for one who asks and is away for a moment
  world_.link.publish({.topic = topic, .payload = to_json(reply), .correlation = correlation, .expiry = kept},
                      [](const std::string& refusal) {
                        if (!refusal.empty()) spdlog::warn("a reply to another node cannot be sent: {}", refusal);
                      });
}

} // namespace upstart::mqtt_bridge
