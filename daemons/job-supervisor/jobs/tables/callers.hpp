// Who waits for an answer, by id: jobs and emissions name a caller and know nothing of how it is reached. And the
// commands that came with a token: what became of each, for a client that lost its connection and asks again. A token
// that has been answered is remembered for `remembered`, and no more than `most_answered` of them.
#pragma once

#include "daemons/job-supervisor/jobs/tables/changes.hpp"
#include "daemons/job-supervisor/jobs/values/command.hpp"
#include "daemons/job-supervisor/lifecycle/life.hpp"

#include <deque>
#include <optional>
#include <unordered_map>

namespace upstart::supervisor {

class Callers {
public:
  static constexpr std::size_t most_answered = 1000;
  static constexpr std::chrono::minutes remembered{10};

  // A command with a token: who waits, until there is an outcome, and that.
  struct Command {
    CallerId caller = 0;
    std::optional<Outcome> outcome;
    MonotonicTime answered{0};
    friend bool operator==(const Command&, const Command&) = default;
  };

  // The token, if there is one, is not known yet.
  [[nodiscard]] CallerId add(Asker asker);
  // A command with this token has been given before: `reply` is answered at once with its outcome, or, while there is
  // none, takes the place of who waited. False (and the reply is as it was): there is no such command.
  bool resume(const std::string& token, Reply& reply);

  // What the caller is answered from now on, also who comes back for it; given by `answer`.
  void decide(CallerId caller, const Outcome& outcome, MonotonicTime now);
  // Once; a caller that has been answered is nobody.
  void answer(CallerId caller, Outcome outcome);
  [[nodiscard]] std::size_t size() const { return replies_.size(); }

  // For the memory: the commands by token, those that changed, and the ids that are consumed.
  [[nodiscard]] const std::unordered_map<std::string, Command>& commands() const { return commands_; }
  [[nodiscard]] Changes<std::string>& changes() { return changes_; }
  [[nodiscard]] CallerId last() const { return last_; }
  void restore_last(CallerId last) { last_ = std::max(last_, last); }
  // As it was written down; nobody waits for it yet.
  void restore(std::string token, Command command);
  // Whether anybody will ever be answered under this id.
  [[nodiscard]] bool is_known(CallerId caller) const { return replies_.contains(caller) || tokens_.contains(caller); }

private:
  void forget_old(MonotonicTime now);

  std::unordered_map<CallerId, Reply> replies_;
  std::unordered_map<std::string, Command> commands_;
  std::unordered_map<CallerId, std::string> tokens_; // of those that wait
  std::deque<std::string> answered_;                 // tokens, the oldest first
  Changes<std::string> changes_;
  CallerId last_ = 0;
};

} // namespace upstart::supervisor
