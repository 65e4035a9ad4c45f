// Where a condition of a class stands in its files, as they are now: they are read again, since no class keeps the
// lines that it came from.
#pragma once

#include "daemons/job-supervisor/configuration/catalogue.hpp"

#include <functional>
#include <string>
#include <vector>

namespace upstart::supervisor {

// A match of an expression: [EVENT, ARGUMENT…].
using ConditionWords = std::vector<std::string>;
// An expression of a class with references to the class's own variables expanded, as whoever asks knows it.
using ExpandExpression = std::function<EventExpression(const JobClass& job_class, const EventExpression& expression)>;

// "PATH:LINE" of this condition in the job's file, or the override on top of it: the first match of start on, else of
// stop on, with these words; where there is none, the first with that event and among others these arguments. The path
// of the class alone where none is found, or a file cannot be read or parsed any more.
[[nodiscard]] std::string place_of_condition(const JobClass& job_class, const ConditionWords& condition,
                                             const Catalogue::Read& read, const ExpandExpression& expand);

} // namespace upstart::supervisor
