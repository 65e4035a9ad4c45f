// Matches of event expressions that can never happen, as far as a job file alone shows: init's own events have
// known variables, and some of these only a few values.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

enum class ExpressionUse : std::uint8_t { start_on, stop_on };

struct Impossible {
  std::optional<std::size_t> argument; // which one it is; nothing: the event itself
  std::string why;
  std::string suggestion;
  std::string_view lint = "never-matches";
};

[[nodiscard]] std::optional<Impossible> why_never(const ExpressionNode& match, const JobClass& job, ExpressionUse use);

// An event of the job itself that the job waits for, and that this would block until the job has gone on.
[[nodiscard]] std::optional<Impossible> holds_itself_up(const ExpressionNode& match, const JobClass& job,
                                                        ExpressionUse use);

// A name that is one typing error away from one of init's own: of the event, or of a variable of such an event.
[[nodiscard]] std::optional<Impossible> misspelling(const ExpressionNode& match);

} // namespace upstart::supervisor
