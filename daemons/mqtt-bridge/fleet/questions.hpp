// Questions to the broker about nodes: what stands at their retained states. MQTT does not say when all of them have
// come; a mark that this node sends to itself after the subscription comes after them, since the broker keeps the
// order. Marks are of one process: those of the one before, which the broker may still have, are none of its own.
#pragma once

#include "daemons/base/event-emitter.hpp"
#include "daemons/mqtt-bridge/fleet/link.hpp"
#include "daemons/mqtt-bridge/messages/messages.hpp"
#include "daemons/mqtt-bridge/messages/topics.hpp"

#include <expected>

namespace upstart::mqtt_bridge {

using NodeStates = std::map<std::string, NodeState>;

class Questions {
public:
  using Answer = std::function<void(std::expected<NodeStates, std::string>)>;

  // `own` is this node's name. The link outlives this, and has a subscription to the replies to this node.
  Questions(base::EventLoop& loop, Link& link, const Topics& topics, std::string own)
      : loop_{loop}, link_{link}, topics_{topics}, own_{std::move(own)} {}
  Questions(const Questions&) = delete;
  Questions& operator=(const Questions&) = delete;

  // The state of one node, or of all ("+"). The error says why there is no answer.
  void ask(const std::string& node, std::chrono::milliseconds limit, Answer answer);
  // To be given every state that comes.
  void take_state(const std::string& node, const NodeState& state);
  // Whether it is the correlation data of a mark. To be asked of replies of this node alone.
  [[nodiscard]] bool take_mark(const std::string& correlation);
  void connection_lost();

private:
  struct Question {
    std::string node, filter;
    NodeStates found;
    std::unique_ptr<base::Timer> limit;
    Answer answer;
  };
  using Number = std::uint64_t;

  void subscribed(Number number, const std::string& refusal);
  void finish(Number number, std::expected<void, std::string> outcome);

  base::EventLoop& loop_;
  Link& link_;
  const Topics& topics_;
  std::string own_;
  std::string mark_ = "mark-" + base::random_identity() + "-"; // and the number of the question
  std::map<Number, Question> open_;
  Number last_ = 0;
};

} // namespace upstart::mqtt_bridge
