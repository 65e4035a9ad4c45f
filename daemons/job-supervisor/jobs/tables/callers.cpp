#include "daemons/job-supervisor/jobs/tables/callers.hpp"

namespace upstart::supervisor {

CallerId Callers::add(Asker asker) {
  replies_.emplace(++last_, std::move(asker.reply));
  if (!asker.token.empty()) {
    changes_.mark(asker.token);
    commands_.insert_or_assign(asker.token, Command{.caller = last_, .outcome = {}});
    tokens_.emplace(last_, std::move(asker.token));
  }
  return last_;
}

bool Callers::resume(const std::string& token, Reply& reply) {
  auto found = commands_.find(token);
  if (token.empty() || found == commands_.end()) return false;
  if (const auto& outcome = found->second.outcome) std::exchange(reply, {})(*outcome);
  else replies_.insert_or_assign(found->second.caller, std::move(reply));
  return true;
}

void Callers::decide(CallerId caller, const Outcome& outcome, MonotonicTime now) {
  auto node = tokens_.extract(caller);
  if (node.empty()) return;
  const auto& token = node.mapped();
  commands_.at(token) = {.caller = caller, .outcome = outcome, .answered = now};
  changes_.mark(token);
  answered_.push_back(token);
  forget_old(now);
}

void Callers::forget_old(MonotonicTime now) {
  auto is_old = [&] { return now - commands_.at(answered_.front()).answered > remembered; };
  while (answered_.size() > most_answered || (!answered_.empty() && is_old())) {
    changes_.mark(answered_.front());
    commands_.erase(answered_.front());
    answered_.pop_front();
  }
}

void Callers::answer(CallerId caller, Outcome outcome) {
  auto node = replies_.extract(caller);
  if (!node.empty() && node.mapped()) node.mapped()(std::move(outcome));
}

void Callers::restore(std::string token, Command command) {
  restore_last(command.caller);
  if (!command.outcome) {
    tokens_.emplace(command.caller, token);
  } else {
    // In the order in which they were answered.
    auto later = std::ranges::find_if(
        answered_, [&](const std::string& other) { return commands_.at(other).answered > command.answered; });
    answered_.insert(later, token);
  }
  commands_.insert_or_assign(std::move(token), std::move(command));
}

} // namespace upstart::supervisor
