#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"

namespace upstart::supervisor {

namespace {

using namespace shape;
using Job = JobClass;
using enum Stanza::Takes;
using enum Stanza::In;
using enum Stanza::Repeated;

// clang-format off
constexpr Stanza table[] = {
    {.name = "description",
     .arguments = "TEXT",
     .help = "what the job is",
     .manual = R"()",
     .parse = parse_text<&Job::description>,
     .print = print_text<&Job::description>},

    {.name = "author",
     .arguments = "TEXT",
     .help = "who wrote the job",
     .manual = R"()",
     .parse = parse_text<&Job::author>,
     .print = print_text<&Job::author>},

    {.name = "version",
     .arguments = "TEXT",
     .help = "which version of the job this is",
     .manual = R"(What the job is, who wrote its file, and which version of it this is.)",
     .parse = parse_text<&Job::version>,
     .print = print_text<&Job::version>},

    {.name = "usage",
     .arguments = "TEXT",
     .help = "shown by initctl usage, and when instance variables are missing",
     .manual = R"(How the job is started; shown by
.Ql initctl usage
and when variables of its instance name are missing.)",
     .parse = parse_text<&Job::usage>,
     .print = print_text<&Job::usage>},

    {.name = "emits",
     .arguments = "EVENT…",
     .help = "events that the job's processes emit",
     .manual = R"(The events that the job's programs emit; wildcards are allowed.
For
.Ql initctl check-config
and
.Ql explain .)",
     .parse = parse_list<&Job::emits>,
     .print = print_list<&Job::emits>,
     .repeated = adds},
};
// clang-format on

} // namespace

StanzaGroup stanza_group::description() { return {.title = "Description", .stanzas = table}; }

} // namespace upstart::supervisor
