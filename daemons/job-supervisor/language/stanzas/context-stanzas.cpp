#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"

#include <format>
#include <sys/resource.h>

namespace upstart::supervisor {

namespace {

using namespace shape;
using Job = JobClass;
using enum Stanza::Takes;
using enum Stanza::In;
using enum Stanza::Repeated;

constexpr std::array<std::pair<std::string_view, Console>, 5> consoles{{{"none", Console::none},
                                                                        {"log", Console::log},
                                                                        {"logged", Console::log},
                                                                        {"output", Console::output},
                                                                        {"owner", Console::owner}}};

void parse_umask(Statement& in) {
  constexpr unsigned all = 0777;
  if (const auto mask = in.number(0U, all, "Illegal file creation mask, expected octal integer", 8))
    in.job.umask = *mask;
}
void print_umask(std::string_view name, const JobClass& job, Printer& out) {
  if (job.umask) out.verbatim(name, std::format("{:04o}", *job.umask));
}

void parse_nice(Statement& in) {
  if (const auto value = in.number(-20, 19, "Illegal nice value, expected -20 to 19")) in.job.nice = *value;
}
void print_nice(std::string_view name, const JobClass& job, Printer& out) {
  if (job.nice) out.line(name, *job.nice);
}

void parse_oom_score(Statement& in) {
  const auto word = in.word();
  if (word == "never") in.job.oom_score_adjustment = -1000;
  else if (const auto score =
               in.number(word, -1000, 1000, "Illegal oom score adjustment, expected -999 to 1000 or 'never'"))
    in.job.oom_score_adjustment = *score;
}
void print_oom_score(std::string_view name, const JobClass& job, Printer& out) {
  if (job.oom_score_adjustment) out.line(name, *job.oom_score_adjustment);
}

// The older scale reaches from -17 to 15.
void parse_oom(Statement& in) {
  const auto word = in.word();
  if (word == "never") in.job.oom_score_adjustment = -1000;
  else if (const auto old = in.number(word, -17, 15, "Illegal oom adjustment, expected -16 to 15 or 'never'"))
    in.job.oom_score_adjustment = *old * 1000 / (*old < 0 ? 17 : 15);
}

constexpr std::array<std::pair<std::string_view, int>, 14> resources{{{"as", RLIMIT_AS},
                                                                      {"core", RLIMIT_CORE},
                                                                      {"cpu", RLIMIT_CPU},
                                                                      {"data", RLIMIT_DATA},
                                                                      {"fsize", RLIMIT_FSIZE},
                                                                      {"memlock", RLIMIT_MEMLOCK},
                                                                      {"msgqueue", RLIMIT_MSGQUEUE},
                                                                      {"nice", RLIMIT_NICE},
                                                                      {"nofile", RLIMIT_NOFILE},
                                                                      {"nproc", RLIMIT_NPROC},
                                                                      {"rss", RLIMIT_RSS},
                                                                      {"rtprio", RLIMIT_RTPRIO},
                                                                      {"sigpending", RLIMIT_SIGPENDING},
                                                                      {"stack", RLIMIT_STACK}}};

std::optional<std::uint64_t> parse_limit_value(Statement& in) {
  const auto word = in.word();
  if (word == "unlimited") return ResourceLimit::unlimited;
  return in.number(word, std::uint64_t{0}, std::uint64_t{std::numeric_limits<std::int64_t>::max()}, bad_limit);
}
void parse_limit(Statement& in) {
  const auto resource = in.choice(resources);
  const auto soft = parse_limit_value(in);
  const auto hard = parse_limit_value(in);
  if (resource && soft && hard) in.job.limits[*resource] = {.soft = *soft, .hard = *hard};
}
std::string limit_text(std::uint64_t value) {
  return value == ResourceLimit::unlimited ? "unlimited" : std::to_string(value);
}
void print_limit(std::string_view name, const JobClass& job, Printer& out) {
  for (const auto& [resource, limit] : job.limits) {
    const auto entry = std::ranges::find(resources, resource, [](const auto& known) { return known.second; });
    if (entry != resources.end()) out.line(name, entry->first, limit_text(limit.soft), limit_text(limit.hard));
  }
}

void parse_cgroup(Statement& in) {
  const auto arguments = in.words();
  if (in.failed()) return;
  constexpr std::size_t most = 4;
  if (arguments.size() > most) return in.fail("Unexpected token");
  ControlGroup group{.controller = arguments[0], .name = {}, .settings = {}};
  if (arguments.size() % 2 == 0) group.name = arguments[1];
  if (arguments.size() > 2) group.settings.emplace_back(arguments[arguments.size() - 2], arguments.back());
  const auto key_of = [](const ControlGroup& one) { return one.controller + '\n' + one.name; };
  auto& groups = in.job.control_groups;
  const auto place = place_of(in.facts.group_places, groups, key_of(group), key_of);
  if (place == groups.size()) groups.push_back(std::move(group));
  else std::ranges::move(group.settings, std::back_inserter(groups[place].settings));
}
void print_cgroup(std::string_view name, const JobClass& job, Printer& out) {
  for (const auto& group : job.control_groups) {
    if (group.settings.empty()) {
      if (group.name.empty()) out.line(name, group.controller);
      else out.line(name, group.controller, group.name);
    }
    for (const auto& [key, value] : group.settings) {
      if (group.name.empty()) out.line(name, group.controller, key, value);
      else out.line(name, group.controller, group.name, key, value);
    }
  }
}

constexpr std::array<std::string_view, 1> never{"never"};
constexpr auto limit_words = [] {
  std::array<std::string_view, resources.size() + 1> words{"unlimited"};
  std::ranges::copy(words_of<resources>, words.begin() + 1);
  return words;
}();

// clang-format off
constexpr Stanza table[] = {
    {.name = "tmpfiles",
     .arguments = "PATH…",
     .help = "tmpfiles.d files applied before pre-start",
     .manual = R"(Create the files that these
.Xr tmpfiles.d 5
files describe, with
.Ql systemd-tmpfiles --create --remove --boot ,
before the pre-start process.
Where that program is missing or fails, the start fails with PROCESS=tmpfiles.)",
     .parse = parse_list<&Job::tmpfiles>,
     .print = print_list<&Job::tmpfiles>,
     .repeated = adds},

    {.name = "console",
     .arguments = "none|log|output|owner",
     .help = "where standard output and error go",
     .manual = R"(Where its processes print: to a log (the default), to the system console, to the
system console as its owner, or nowhere.
In a container
.Cm output
is the container's own standard output and error.)",
     .words = words_of<consoles>,
     .parse = parse_choice<&Job::console, consoles>,
     .print = print_choice<&Job::console, consoles>},

    {.name = "umask",
     .arguments = "OCTAL",
     .help = "file creation mask",
     .manual = R"(File creation mask.)",
     .parse = parse_umask,
     .print = print_umask},

    {.name = "nice",
     .arguments = "-20…19",
     .help = "scheduling priority",
     .manual = R"(Scheduling priority, see
.Xr nice 2 .)",
     .parse = parse_nice,
     .print = print_nice},

    {.name = "oom score",
     .arguments = "-1000…1000|never",
     .help = "how soon the kernel may end the job for want of memory",
     .manual = R"(How soon the kernel ends it when memory runs out;
.Cm never
is \-1000.)",
     .words = never,
     .parse = parse_oom_score,
     .print = print_oom_score},

    {.name = "oom",
     .arguments = "-17…15|never",
     .help = "the older scale of oom score",
     .manual = R"(The older scale of
.Ic oom score .)",
     .words = never,
     .parse = parse_oom,
     .slot = "oom score"},

    {.name = "limit",
     .arguments = "RESOURCE SOFT|unlimited HARD|unlimited",
     .help = "a resource limit",
     .manual = R"(A limit of
.Xr setrlimit 2 :
as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending
stack.)",
     .words = limit_words,
     .parse = parse_limit,
     .print = print_limit,
     .repeated = adds},

    {.name = "chroot",
     .arguments = "DIR",
     .help = "root directory",
     .manual = R"()",
     .parse = parse_text<&Job::chroot>,
     .print = print_text<&Job::chroot>},

    {.name = "chdir",
     .arguments = "DIR",
     .help = "working directory",
     .manual = R"(Root and working directory.)",
     .parse = parse_text<&Job::chdir>,
     .print = print_text<&Job::chdir>},

    {.name = "setuid",
     .arguments = "USER",
     .help = "user that the processes run as",
     .manual = R"()",
     .parse = parse_text<&Job::setuid>,
     .print = print_text<&Job::setuid>},

    {.name = "setgid",
     .arguments = "GROUP",
     .help = "group that the processes run as",
     .manual = R"(The user and group that its processes run as.)",
     .parse = parse_text<&Job::setgid>,
     .print = print_text<&Job::setgid>},

    {.name = "cgroup",
     .arguments = "CONTROLLER [NAME] [KEY VALUE]",
     .help = "control group of the processes",
     .manual = R"(A control group for its processes.)",
     .parse = parse_cgroup,
     .print = print_cgroup,
     .repeated = adds},

    {.name = "apparmor load",
     .arguments = "PROFILE",
     .help = "AppArmor profile loaded before pre-start",
     .manual = R"()",
     .parse = parse_text<&Job::apparmor_load>,
     .print = print_text<&Job::apparmor_load>},

    {.name = "apparmor switch",
     .arguments = "NAME",
     .help = "AppArmor profile of the main process",
     .manual = R"(Load a profile before it starts; switch the main process to one.)",
     .parse = parse_text<&Job::apparmor_switch>,
     .print = print_text<&Job::apparmor_switch>},

    {.name = "debug",
     .help = "each process stops itself before it is executed (init --debug)",
     .manual = R"(Each process stops itself before it is executed, for a debugger; where init runs
with
.Fl \&-debug
only.)",
     .parse = parse_flag<&Job::debug>,
     .print = print_flag<&Job::debug>,
     .repeated = same},
};
// clang-format on

} // namespace

StanzaGroup stanza_group::context() { return {.title = "Process context", .stanzas = table}; }

} // namespace upstart::supervisor
