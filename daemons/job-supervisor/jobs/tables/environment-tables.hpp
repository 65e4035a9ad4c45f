// The environments that jobs begin with: the global table, which clients may change, and what a class adds to it.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "protocol/environment.hpp"

#include <utility>

namespace upstart::supervisor {

class EnvironmentTables {
public:
  // `own` is the environment that init was started with: where a bare `env KEY` takes its value from, and, if `inherit`
  // (a session), what every job begins with.
  EnvironmentTables(protocol::Environment own, bool inherit);

  [[nodiscard]] const protocol::Environment& global() const { return global_; }
  [[nodiscard]] protocol::Environment& change_global() {
    changed_ = true;
    return global_;
  }
  void reset_global() { change_global() = initial_; }
  // For the memory: whether the global table has changed since this was last asked; whether it is as at first.
  [[nodiscard]] bool take_change() { return std::exchange(changed_, false); }
  [[nodiscard]] bool is_initial() const { return global_ == initial_; }

  // The global table with the class's `env` on top.
  [[nodiscard]] protocol::Environment of_class(const JobClass& job_class) const;
  // What the class's `env` says, alone.
  [[nodiscard]] protocol::Environment of_class_alone(const JobClass& job_class) const;

private:
  void add_env(protocol::Environment& environment, const JobClass& job_class) const;

  protocol::Environment own_;
  protocol::Environment initial_;
  protocol::Environment global_;
  bool changed_ = false;
};

} // namespace upstart::supervisor
