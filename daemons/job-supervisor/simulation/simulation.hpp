// What would happen if an event were emitted, in order, without doing it: the supervisor's own decisions (jobs/) in a
// world where nothing is real. Assumes that every process can be executed, is ready at once, and ends with success
// when it is a task or a process beside the main one; that a signal ends a process; and that nobody else does anything.
#pragma once

#include "daemons/job-supervisor/jobs/jobs.hpp"
#include "daemons/job-supervisor/simulation/simulated-step.hpp"

namespace upstart::supervisor {

struct SimulatedEvent {
  std::string name;
  std::vector<std::string> environment;
};

// What holds before: the classes, who runs, and which events are held by conditions that are half true.
struct Situation {
  struct Running {
    std::string job;
    std::vector<std::string> environment; // names the instance too
  };
  struct Held {
    std::string job;
    std::optional<std::string> instance; // nothing: held by `start on` of the class, else by `stop on` of that instance
    std::uint32_t node = 0;              // of the expression
    SimulatedEvent event;
  };
  std::vector<std::shared_ptr<const JobClass>> classes;
  std::vector<std::string> environment = {}; // that all jobs begin with
  std::vector<Running> running = {};
  std::vector<Held> held = {};
};

[[nodiscard]] Situation situation_of(const Jobs& jobs);

inline constexpr std::size_t most_simulated_steps = 10'000;

[[nodiscard]] std::vector<SimulatedStep> simulate(const Situation& situation, const SimulatedEvent& event);

// An array of objects with the members kind and, where they mean something, job, instance, name, env, text.
[[nodiscard]] std::string as_json(const std::vector<SimulatedStep>& steps);

} // namespace upstart::supervisor
