// One thing that would happen: what a simulation consists of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

struct SimulatedStep {
  enum class Kind : std::uint8_t {
    event,     // `name` is emitted with `environment`
    goal,      // the goal of the job becomes `name`
    state,     // its state becomes `name`
    process,   // its process `name` is started: `text`
    finished,  // nothing blocks the simulated event any more
    failed,    // the same, but a job failed because of it
    blocked,   // at the end it is still blocked
    holding,   // at the end the condition `name` of this job is half true: it holds the event `text`
    endless,   // it goes on and on; the rest is left out
    unawaited, // no condition and no `emits` names the simulated event: `text` says which one may be meant
  };
  Kind kind;
  std::string job = {}, instance = {};
  std::string name = {};
  std::vector<std::string> environment = {};
  std::string text = {};
  std::vector<std::string> missing = {}; // of `holding`: the events of the condition that it has not seen
  friend bool operator==(const SimulatedStep&, const SimulatedStep&) = default;
};

[[nodiscard]] std::string_view name_of(SimulatedStep::Kind kind);

} // namespace upstart::supervisor
