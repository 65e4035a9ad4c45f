// A job's start on or stop on as the daemon shows it — postfix: [EVENT, ARG…], ["/AND"], ["/OR"] — made a tree again,
// written the way people write it, and checked against what can be emitted at all.
#pragma once

#include "clients/base/json.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::client {

using Postfix = std::vector<std::vector<std::string>>;

struct Condition {
  enum class Kind : std::uint8_t { event, all_of, any_of };
  Kind kind = Kind::event;
  std::string event;                      // of an event
  std::vector<std::string> arguments;     // VALUE, KEY=VALUE, KEY!=VALUE
  std::unique_ptr<Condition> left, right; // of the operators
};

// Nothing for an empty expression, and for one that is not well formed.
[[nodiscard]] std::unique_ptr<Condition> tree_of(const Postfix& postfix);

// "((a and b) or c KEY=VALUE)"
[[nodiscard]] std::string written(const Condition& condition);
[[nodiscard]] Json to_json(const Condition& condition);

// The events of an expression, from left to right.
[[nodiscard]] std::vector<const Condition*> events_of(const Condition& condition);

// The job that an event of a job's life (starting, started, stopping, stopped) must come from; empty: any. A positional
// first argument names it, else JOB=.
[[nodiscard]] std::string job_named_by(const Condition& event);
// The arguments without a positional one that names the job.
[[nodiscard]] std::vector<std::string> arguments_beside_job(const Condition& event);

// "(job: JOB, env: ARG ARG)" after the event, as `show-config --enumerate` shows it.
[[nodiscard]] std::string enumerated(const Condition& event);

// Whether it can come true if these events can.
[[nodiscard]] bool can_come_true(const Condition& condition, const std::function<bool(const Condition&)>& can_happen);

// The events that cannot come true, from right to left. Those that cannot hurt are left out unless `all`: a side of an
// `or` whose other side can come true, and beneath which no `and` fails.
[[nodiscard]] std::vector<const Condition*> unreachable_events(const Condition& condition, bool all,
                                                               const std::function<bool(const Condition&)>& can_happen);

} // namespace upstart::client
