// Warnings: what the language allows, but what cannot do what its author wants. Each says why in one sentence.
#pragma once

#include "daemons/job-supervisor/language/diagnostics/findings.hpp"
#include "daemons/job-supervisor/language/parsing/statement.hpp"

namespace upstart::supervisor {

void warn(const JobClass& job, const FileFacts& facts, Findings& findings);

} // namespace upstart::supervisor
