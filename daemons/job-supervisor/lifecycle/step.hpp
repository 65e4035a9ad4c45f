// One step in the life of a job: life.hpp says what a life is and what holds for it.
#pragma once

#include "daemons/job-supervisor/lifecycle/effect.hpp"
#include "daemons/job-supervisor/lifecycle/input.hpp"

namespace upstart::supervisor {

struct Step {
  Life life;
  Effects effects; // to be done in this order
};

// Pure: depends on nothing but its arguments. `job_class` is the class that the instance was made of, the same in every
// step of a life. An input that means nothing in the present state (the end of a process that is not there, say)
// changes nothing and asks for nothing.
[[nodiscard]] Step step(Life life, const JobClass& job_class, Input input, MonotonicTime now);

} // namespace upstart::supervisor
