// What is legal and surely wrong all the same: each says in one sentence why it cannot do what its author wanted.
#pragma once

#include "daemons/job-supervisor/language/diagnostics/findings.hpp"
#include "daemons/job-supervisor/language/parsing/statement.hpp"

namespace upstart::supervisor {

void warn(const JobClass& job, const FileFacts& facts, Findings& findings);

} // namespace upstart::supervisor
