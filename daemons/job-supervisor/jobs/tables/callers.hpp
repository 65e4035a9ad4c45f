// Who waits for an answer, by id: jobs and emissions name a caller and know nothing of how it is reached.
#pragma once

#include "daemons/job-supervisor/jobs/values/command.hpp"
#include "daemons/job-supervisor/lifecycle/life.hpp"

#include <unordered_map>

namespace upstart::supervisor {

class Callers {
public:
  [[nodiscard]] CallerId add(Reply reply) {
    replies_.emplace(++last_, std::move(reply));
    return last_;
  }
  // Once; a caller that has been answered is nobody.
  void answer(CallerId caller, Outcome outcome) {
    if (auto node = replies_.extract(caller); !node.empty()) node.mapped()(std::move(outcome));
  }
  [[nodiscard]] std::size_t size() const { return replies_.size(); }

private:
  std::unordered_map<CallerId, Reply> replies_;
  CallerId last_ = 0;
};

} // namespace upstart::supervisor
