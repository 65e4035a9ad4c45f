#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"

namespace upstart::supervisor {

namespace {

using namespace shape;
using Job = JobClass;
using enum Stanza::Takes;
using enum Stanza::In;
using enum Stanza::Repeated;

constexpr std::array<std::pair<std::string_view, Expect>, 6> expectations{{{"stop", Expect::stop},
                                                                           {"fork", Expect::fork},
                                                                           {"daemon", Expect::daemon},
                                                                           {"none", Expect::none},
                                                                           {"readyfd", Expect::ready_fd},
                                                                           {"notify", Expect::notify}}};

// clang-format off
constexpr Stanza table[] = {
    {.name = "expect",
     .arguments = "stop|fork|daemon|none|readyfd|notify",
     .help = "how the main process says that it is ready",
     .manual = R"(How the main process says that it is ready:
.Bl -tag -width readyfd -compact
.It Cm none
It is ready once it is executed; the default.
.It Cm stop
It stops itself with SIGSTOP.
.It Cm fork , daemon
It forks once, or twice, and the last child is the service.
A wrong number does not make the start fail, but gives a warning: a process that
has not forked after three idle seconds, or that has forked and not ended after
ten, is assumed to be the service.
If it forks later, its child is followed.
.It Cm readyfd
It writes a byte to, or closes, the descriptor whose number is in
.Ev READY_FD .
.It Cm notify
It says so by the protocol of
.Xr sd_notify 3 .
.El)",
     .words = words_of<expectations>,
     .parse = parse_choice<&Job::expect, expectations>,
     .print = print_choice<&Job::expect, expectations>},

    {.name = "watchdog",
     .arguments = "SECONDS",
     .help = "with expect notify: how long the main process may be silent",
     .manual = R"(With
.Ic expect notify :
a main process that sends no
.Ql WATCHDOG=1
for that long is ended with SIGABRT, and has failed.
One that was told to end has its
.Ic kill timeout
instead.
.Ql WATCHDOG_USEC=
sets another time.)",
     .parse = parse_seconds<&Job::watchdog>,
     .print = print_seconds<&Job::watchdog>},
};
// clang-format on

constexpr std::string_view closing = R"(With
.Ic stop , readyfd
and
.Ic notify
a process that does not report that it is ready gives a warning after ten idle
seconds; after 30 idle seconds it is assumed to be ready, or, with
.Ic readyfd
and
.Ic notify ,
after 90 seconds without a message.
A process that waits for a processor or a disk is not idle.
With
.Ic notify ,
.Ql EXTEND_TIMEOUT_USEC=
asks for that much time from then on: to become ready, or, for a process that has
been told to end, to end before it is killed.)";

} // namespace

StanzaGroup stanza_group::readiness() { return {.title = "When it is ready", .stanzas = table, .closing = closing}; }

} // namespace upstart::supervisor
