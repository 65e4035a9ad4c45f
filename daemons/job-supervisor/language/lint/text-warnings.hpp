// Warnings about the text of a job file as it stands, whether it has a class or not: what they say is often why it has
// none.
#pragma once

#include "daemons/job-supervisor/language/diagnostics/findings.hpp"
#include "daemons/job-supervisor/language/parsing/file-facts.hpp"

namespace upstart::supervisor {

void warn_of_text(std::string_view text, const FileFacts& facts, Findings& findings);

} // namespace upstart::supervisor
