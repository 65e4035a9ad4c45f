#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"

namespace upstart::supervisor {

namespace {

using namespace shape;
using enum ProcessKind;
using Job = JobClass;
using enum Stanza::Takes;
using enum Stanza::In;
using enum Stanza::Repeated;

// clang-format off
constexpr Stanza table[] = {
    {.name = "exec",
     .arguments = "COMMAND [ARG…]",
     .help = "the main process",
     .manual = R"(The main process.
A command with characters special to the shell is run by
.Ql /bin/sh -e -c ,
any other directly.)",
     .takes = command,
     .parse = parse_exec<main>,
     .print = print_exec<main>,
     .slot = "main"},

    {.name = "script",
     .help = "the main process, a shell script up to end script",
     .manual = R"(The main process, as a shell script run with
.Ql /bin/sh -e .)",
     .takes = script,
     .parse = parse_script<main>,
     .print = print_script<main>,
     .slot = "main"},

    {.name = "pre-start exec",
     .arguments = "COMMAND [ARG…]",
     .help = "runs before the main process",
     .takes = command,
     .parse = parse_exec<pre_start>,
     .print = print_exec<pre_start>,
     .slot = "pre-start"},

    {.name = "pre-start script",
     .help = "the same as a script",
     .manual = R"(Runs before the main process; if it fails, the job does not start.)",
     .takes = script,
     .parse = parse_script<pre_start>,
     .print = print_script<pre_start>,
     .slot = "pre-start"},

    {.name = "start script",
     .help = "the older name of pre-start script",
     .manual = R"(The older name of
.Ic pre-start script .)",
     .takes = script,
     .parse = parse_script<pre_start>,
     .in = event_d,
     .slot = "pre-start"},

    {.name = "post-start exec",
     .arguments = "COMMAND [ARG…]",
     .help = "runs when the main process is ready",
     .takes = command,
     .parse = parse_exec<post_start>,
     .print = print_exec<post_start>,
     .slot = "post-start"},

    {.name = "post-start script",
     .help = "the same as a script",
     .manual = R"(Runs when the main process is ready; the job has started when it has ended.)",
     .takes = script,
     .parse = parse_script<post_start>,
     .print = print_script<post_start>,
     .slot = "post-start"},

    {.name = "pre-stop exec",
     .arguments = "COMMAND [ARG…]",
     .help = "runs before the main process is stopped",
     .takes = command,
     .parse = parse_exec<pre_stop>,
     .print = print_exec<pre_stop>,
     .slot = "pre-stop"},

    {.name = "pre-stop script",
     .help = "the same as a script",
     .manual = R"(Runs before the main process is stopped.
While it runs, the stop may be cancelled by
.Ql start .)",
     .takes = script,
     .parse = parse_script<pre_stop>,
     .print = print_script<pre_stop>,
     .slot = "pre-stop"},

    {.name = "stop script",
     .help = "the older name of pre-stop script",
     .manual = R"(The older name of
.Ic pre-stop script .)",
     .takes = script,
     .parse = parse_script<pre_stop>,
     .in = event_d,
     .slot = "pre-stop"},

    {.name = "post-stop exec",
     .arguments = "COMMAND [ARG…]",
     .help = "runs when the main process has ended",
     .takes = command,
     .parse = parse_exec<post_stop>,
     .print = print_exec<post_stop>,
     .slot = "post-stop"},

    {.name = "post-stop script",
     .help = "the same as a script",
     .manual = R"(Runs when the main process has ended, also when the job failed.)",
     .takes = script,
     .parse = parse_script<post_stop>,
     .print = print_script<post_stop>,
     .slot = "post-stop"},
};
// clang-format on

constexpr std::string_view closing = R"(A job with neither
.Ic exec
nor
.Ic script
is a state: it runs, without a process, until it is stopped.)";

} // namespace

StanzaGroup stanza_group::commands() { return {.title = "What is run", .stanzas = table, .closing = closing}; }

} // namespace upstart::supervisor
