#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"

namespace upstart::supervisor {

namespace {

using namespace shape;
using Job = JobClass;
using enum Stanza::Takes;
using enum Stanza::In;
using enum Stanza::Repeated;

// In event.d any of several expressions suffices; else the last one counts.
template <auto member, auto places_of> void parse_event_expression(Statement& in) {
  auto [expression, places] = in.expression();
  auto& known = in.facts.*places_of;
  auto& target = in.job.*member;
  if (in.dialect == Dialect::conf || target.empty()) {
    target = std::move(expression);
    known = std::move(places);
    return;
  }
  target = any_of(std::move(target), std::move(expression));
  std::ranges::move(places.nodes, std::back_inserter(known.nodes));
  std::ranges::move(places.arguments, std::back_inserter(known.arguments));
  known.nodes.push_back(known.nodes.front());
}
template <auto member> void print_event_expression(std::string_view name, const JobClass& job, Printer& out) {
  if (!(job.*member).empty()) out.verbatim(name, print(job.*member));
}

void parse_manual(Statement& in) {
  if (in.more()) return (void)in.word(), in.fail("Unknown stanza", "`manual` stands alone");
  in.job.start_on = {};
  in.facts.start_on = {};
}

void parse_service(Statement& in) { in.facts.service = true; }
void print_service(std::string_view name, const JobClass& job, Printer& out) {
  if (!job.task && !job.respawn) out.line(name);
}
void print_task(std::string_view name, const JobClass& job, Printer& out) {
  if (job.task && (out.dialect == Dialect::conf || job.respawn)) out.line(name);
}

// clang-format off
constexpr Stanza table[] = {
    {.name = "start on",
     .arguments = "EVENT [ARG…] [and|or …]",
     .help = "the events that start the job",
     .manual = R"()",
     .takes = expression,
     .parse = parse_event_expression<&Job::start_on, &FileFacts::start_on>,
     .print = print_event_expression<&Job::start_on>},

    {.name = "on",
     .arguments = "EVENT [ARG…] [and|or …]",
     .help = "the same as start on",
     .manual = R"(The older name of
.Ic start on .)",
     .takes = expression,
     .parse = parse_event_expression<&Job::start_on, &FileFacts::start_on>,
     .in = event_d},

    {.name = "stop on",
     .arguments = "EVENT [ARG…] [and|or …]",
     .help = "the events that stop the job",
     .manual = R"(The events that start and stop the job, see
.Sx EVENT EXPRESSIONS .)",
     .takes = expression,
     .parse = parse_event_expression<&Job::stop_on, &FileFacts::stop_on>,
     .print = print_event_expression<&Job::stop_on>},

    {.name = "manual",
     .help = "drops a start on that came before",
     .manual = R"(Drop a
.Ic start on
that came before: mostly for overrides.)",
     .parse = parse_manual,
     .repeated = same},

    {.name = "task",
     .help = "the job is done when it has run",
     .manual = R"(The job is done when it has run: who waits for its start waits until it has
ended.
Without it the job is a service: who waits for its start waits until it runs.)",
     .parse = parse_flag<&Job::task>,
     .print = print_task,
     .repeated = same},

    {.name = "service",
     .help = "the job is done when it runs",
     .manual = R"(The job is a service, not a task.)",
     .parse = parse_service,
     .print = print_service,
     .in = event_d,
     .repeated = same},

    {.name = "instance",
     .arguments = "NAME",
     .help = "name of each instance, with variables of its start",
     .manual = R"(The job may run several times, once for each name;
.Ar NAME
holds variables, as in
.Ql instance $TTY .)",
     .parse = parse_text<&Job::instance>,
     .print = print_text<&Job::instance>},
};
// clang-format on

} // namespace

StanzaGroup stanza_group::events() { return {.title = "When", .stanzas = table}; }

} // namespace upstart::supervisor
