#include "daemons/mqtt-bridge/fleet/questions.hpp"

#include <algorithm>
#include <charconv>
#include <format>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::chrono::seconds connect_limit{5}; // a bridge that was just started is about to be connected

} // namespace

void Questions::ask(const std::string& node, std::chrono::milliseconds limit, Answer answer) {
  auto number = ++last_;
  auto& question = open_[number];
  question = {.node = node, .filter = topics_.state(node), .found = {}, .limit = nullptr, .answer = std::move(answer)};
  question.limit = std::make_unique<base::Timer>(loop_, [this, number] {
    finish(number, std::unexpected{link_.is_connected() ? "the broker does not answer in time" : link_.state()});
  });
  question.limit->start(limit);
  link_.when_connected(
      std::min<std::chrono::milliseconds>(limit, connect_limit), [this, number](const std::string& problem) {
        auto found = open_.find(number);
        if (found == open_.end()) return;
        if (!problem.empty()) return finish(number, std::unexpected{problem});
        link_.hold(found->second.filter, [this, number](const std::string& refusal) { subscribed(number, refusal); });
      });
}

void Questions::subscribed(Number number, const std::string& refusal) {
  if (!open_.contains(number)) return;
  if (!refusal.empty()) return finish(number, std::unexpected{"the states of nodes cannot be read: " + refusal});
  link_.publish(
      {.topic = topics_.reply(own_, own_), .payload = "{}", .correlation = std::format("{}{}", mark_, number)},
      [this, number](const std::string& problem) {
        if (!problem.empty()) finish(number, std::unexpected{"this node may not write its own replies: " + problem});
      });
}

void Questions::take_state(const std::string& node, const NodeState& state) {
  for (auto& [number, question] : open_)
    if (question.node == "+" || question.node == node) question.found[node] = state;
}

bool Questions::take_mark(const std::string& correlation) {
  if (!correlation.starts_with(mark_)) return false;
  auto digits = std::string_view{correlation}.substr(mark_.size());
  Number number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (open_.contains(number)) finish(number, {});
  return true;
}

void Questions::connection_lost() {
  std::vector<Number> numbers;
  for (const auto& [number, question] : open_) numbers.push_back(number);
  for (auto number : numbers) finish(number, std::unexpected{"the connection to the broker was lost"});
}

void Questions::finish(Number number, std::expected<void, std::string> outcome) {
  auto found = open_.extract(number);
  if (found.empty()) return;
  auto question = std::make_shared<Question>(std::move(found.mapped()));
  if (link_.is_connected()) link_.release(question->filter);
  if (outcome) question->answer(std::move(question->found));
  else question->answer(std::unexpected{outcome.error()});
  loop_.defer([question] {}); // its timer may be calling
}

} // namespace upstart::mqtt_bridge
