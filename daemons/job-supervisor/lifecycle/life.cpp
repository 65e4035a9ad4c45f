#include "daemons/job-supervisor/lifecycle/life.hpp"

namespace upstart::supervisor {

std::optional<ProcessKind> process_of(State state) {
  switch (state) {
  case State::security: return ProcessKind::security;
  case State::pre_start: return ProcessKind::pre_start;
  case State::spawned: return ProcessKind::main;
  case State::post_start: return ProcessKind::post_start;
  case State::pre_stop: return ProcessKind::pre_stop;
  case State::killed: return ProcessKind::main;
  case State::post_stop: return ProcessKind::post_stop;
  default: return std::nullopt;
  }
}

std::optional<ProcessKind> awaited_process(const Life& life) {
  if (life.state == State::pre_start && life.alive(ProcessKind::tmpfiles)) return ProcessKind::tmpfiles;
  auto process = process_of(life.state);
  return process && life.alive(*process) ? process : std::nullopt;
}

std::string title(const JobClass& job_class, std::string_view instance) {
  return instance.empty() ? job_class.name : job_class.name + " (" + std::string{instance} + ")";
}

} // namespace upstart::supervisor
