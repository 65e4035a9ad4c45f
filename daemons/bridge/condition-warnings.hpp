// What a bridge has to say of the conditions of jobs, on its way to the log. Of job files only the supervisor knows, so
// it is asked where the condition stands; a warning waits for that answer and no longer than the supervisor is there.
// Owned by the main program; the bridge tells, the session with the supervisor asks.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"

#include <spdlog/spdlog.h>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace upstart::bridge {

class ConditionWarnings {
public:
  using Number = std::uint64_t;
  using Ask = std::function<void(Number number, const ConditionWarning& warning)>;

  // For the bridge.
  void tell(ConditionWarning warning) {
    if (!ask_) return say("", warning);
    auto [place, _] = waiting_.emplace(++last_, std::move(warning));
    ask_(place->first, place->second);
  }
  void tell(std::span<const ConditionWarning> warnings) {
    for (const auto& warning : warnings) tell(warning);
  }

  // For the session. The supervisor is there; whatever was asked is answered by `take_place`, unless it goes before.
  void connected(Ask ask) { ask_ = std::move(ask); }
  void disconnected() {
    ask_ = nullptr;
    for (const auto& [_, warning] : std::exchange(waiting_, {})) say("", warning);
  }
  // "FILE:LINE", or less where less is known.
  void take_place(Number number, const std::string& place) {
    if (auto warning = waiting_.extract(number)) say(place, warning.mapped());
  }

private:
  static void say(const std::string& place, const ConditionWarning& warning) {
    spdlog::warn("{}{}{}", place, place.empty() ? "" : ": ", warning.text);
  }

  Ask ask_;
  Number last_ = 0;
  std::map<Number, ConditionWarning> waiting_;
};

} // namespace upstart::bridge
