#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"
#include "daemons/job-supervisor/language/words/signals.hpp"

namespace upstart::supervisor {

namespace {

using namespace shape;
using Job = JobClass;
using enum Stanza::Takes;
using enum Stanza::In;
using enum Stanza::Repeated;

void parse_respawn(Statement& in) {
  if (in.dialect == Dialect::event_d && in.more()) parse_exec<ProcessKind::main>(in);
  else if (in.more())
    return (void)in.word(), in.fail("Unknown stanza", "`respawn` stands alone, or is followed by `limit`");
  in.job.respawn = true;
}

void parse_respawn_limit(Statement& in) {
  const auto count_word = in.word();
  if (count_word == "unlimited") {
    in.job.respawn_limit = {.count = 0, .interval = std::chrono::seconds{0}};
    return;
  }
  const auto count = in.number(count_word, 0, std::numeric_limits<int>::max(), bad_limit);
  const auto interval = in.number(0, most_seconds, bad_interval);
  if (count && interval)
    in.job.respawn_limit = {.count = static_cast<unsigned>(*count), .interval = std::chrono::seconds{*interval}};
}
void print_respawn_limit(std::string_view name, const JobClass& job, Printer& out) {
  const auto& [count, interval] = job.respawn_limit;
  if (job.respawn_limit == RespawnLimit{}) return;
  if (count == 0 && interval.count() == 0) out.line(name, "unlimited");
  else out.line(name, count, interval.count());
}

void parse_normal_exit(Statement& in) {
  do {
    const auto word = in.word();
    if (const auto signal = signal_of_name(word)) in.job.normal_exits.push_back({.number = *signal, .signal = true});
    else if (const auto status =
                 in.number(word, 0, std::numeric_limits<int>::max(), "Illegal exit status, expected integer"))
      in.job.normal_exits.push_back({.number = *status, .signal = false});
  } while (in.more());
}
void print_normal_exit(std::string_view name, const JobClass& job, Printer& out) {
  for (const auto& end : job.normal_exits) {
    if (end.signal) out.line(name, name_of_signal(end.number));
    else out.line(name, end.number);
  }
}

template <auto member> void parse_signal(Statement& in) {
  const auto word = in.word();
  if (in.failed()) return;
  if (const auto named = signal_of_name(word)) {
    in.job.*member = *named;
    return;
  }
  constexpr int most = 64;
  constexpr std::string_view message = "Illegal signal status, expected integer";
  if (const auto hint = suggested_signal(word); !hint.empty()) return in.fail(message, hint);
  if (const auto number = in.number(word, 0, most, message)) in.job.*member = *number;
}
template <auto member> void print_signal(std::string_view name, const JobClass& job, Printer& out) {
  if (job.*member != JobClass{}.*member) out.line(name, name_of_signal(job.*member));
}

constexpr std::array<std::pair<std::string_view, KillMode>, 3> kill_modes{
    {{"all", KillMode::all}, {"group", KillMode::group}, {"process", KillMode::process}}};

constexpr std::array<std::string_view, 1> no_limit{"unlimited"};
constexpr std::array<std::string_view, 5> common_signals{"TERM", "INT", "QUIT", "HUP", "KILL"};

// clang-format off
constexpr Stanza table[] = {
    {.name = "respawn",
     .help = "start the main process again when it ends abnormally",
     .manual = R"(Start the main process again when it ends by itself; a task only when it failed.)",
     .parse = parse_respawn,
     .print = print_flag<&Job::respawn>,
     .repeated = same},

    {.name = "respawn limit",
     .arguments = "COUNT INTERVAL|unlimited",
     .help = "at most COUNT respawns in INTERVAL seconds",
     .manual = R"(At most
.Ar COUNT
times in
.Ar INTERVAL
seconds, else the job fails.
10 in 5 if not given.
Does not switch respawn on.
With
.Cm unlimited ,
or where either number is 0, there is no limit: from the tenth end within ten
seconds of a start on, each respawn waits, first 0.1 seconds and then each time
twice as long, up to ten seconds.)",
     .words = no_limit,
     .parse = parse_respawn_limit,
     .print = print_respawn_limit},

    {.name = "normal exit",
     .arguments = "STATUS|SIGNAL…",
     .help = "ends that are not failures",
     .manual = R"(Ends of the main process that are not failures: exit statuses, and signals by
name.)",
     .words = common_signals,
     .parse = parse_normal_exit,
     .print = print_normal_exit,
     .repeated = adds},

    {.name = "normalexit",
     .arguments = "STATUS|SIGNAL…",
     .help = "the same as normal exit",
     .manual = R"(The older name of
.Ic normal exit ;
0 is not a failure either, unless the job respawns.)",
     .words = common_signals,
     .parse = parse_normal_exit,
     .in = event_d,
     .repeated = adds},

    {.name = "kill signal",
     .arguments = "SIGNAL",
     .help = "what stops the main process",
     .words = common_signals,
     .parse = parse_signal<&Job::kill_signal>,
     .print = print_signal<&Job::kill_signal>},

    {.name = "kill timeout",
     .arguments = "SECONDS",
     .help = "how long to wait before SIGKILL",
     .manual = R"(The signal that stops the main process and its process group (TERM), and how
long they may take (5) before SIGKILL.
The job has stopped when all of it has ended: where there are control groups,
whatever its processes have started; else the process group.
A process of
.Ic pre-start , post-start , pre-stop
or
.Ic post-stop
that hangs has the same time once the job changes its goal: a start while
post-stop runs, a stop while pre-start or post-start runs, a main process that
ended while post-start runs.)",
     .parse = parse_seconds<&Job::kill_timeout>,
     .print = print_seconds<&Job::kill_timeout>},

    {.name = "kill mode",
     .arguments = "all|group|process",
     .help = "whom a stop ends",
     .manual = R"(Whom a stop ends:
.Bl -tag -width process -compact
.It Cm all
All that the job has started; the default.
.It Cm group
The process group of the main process.
.It Cm process
The main process alone.
.El
A login session that the job's daemon has opened is left alone even with
.Cm all :
a session whose leader has a controlling terminal of its own, or whose audit
session is not that of the main process, or that has been moved to another
control group.
So a job of
.Xr sshd 8
can be restarted without throwing its users out.
What was left is reported in the log and by
.Ql initctl explain .)",
     .words = words_of<kill_modes>,
     .parse = parse_choice<&Job::kill_mode, kill_modes>,
     .print = print_choice<&Job::kill_mode, kill_modes>},

    {.name = "reload signal",
     .arguments = "SIGNAL",
     .help = "what initctl reload sends",
     .manual = R"(The signal of
.Ql initctl reload
(HUP).)",
     .words = common_signals,
     .parse = parse_signal<&Job::reload_signal>,
     .print = print_signal<&Job::reload_signal>},
};
// clang-format on

} // namespace

StanzaGroup stanza_group::ending() { return {.title = "When it ends", .stanzas = table}; }

} // namespace upstart::supervisor
