#include "daemons/job-supervisor/language/print-job.hpp"

#include "daemons/job-supervisor/language/printing/printer.hpp"
#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

namespace upstart::supervisor {

std::string print(const JobClass& job) {
  Printer out(dialect_of(job));
  for (const auto& stanza : stanzas())
    if (stanza.belongs_to(out.dialect) && stanza.print) stanza.print(stanza.name, job, out);
  return std::move(out).text();
}

} // namespace upstart::supervisor
