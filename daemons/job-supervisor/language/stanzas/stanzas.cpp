#include "daemons/job-supervisor/language/stanzas/stanzas.hpp"

#include "daemons/job-supervisor/language/stanzas/stanza-shapes.hpp"
#include "daemons/job-supervisor/language/words/signals.hpp"
#include "daemons/job-supervisor/language/words/suggestions.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <sys/resource.h>

namespace upstart::supervisor {

namespace {

using namespace shape;
using enum ProcessKind;

// --- events

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

// --- respawn, ends

void parse_respawn(Statement& in) {
  if (in.dialect == Dialect::event_d && in.more()) parse_exec<main>(in);
  else if (in.more())
    return (void)in.word(), in.fail("Unknown stanza", "`respawn` stands alone, or is followed by `limit`");
  in.job.respawn = true;
}

constexpr std::string_view bad_limit = "Illegal limit, expected 'unlimited' or integer";
constexpr std::string_view bad_interval = "Illegal interval, expected number of seconds";
constexpr int most_seconds = std::numeric_limits<int>::max();

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

void parse_service(Statement& in) { in.facts.service = true; }
void print_service(std::string_view name, const JobClass& job, Printer& out) {
  if (!job.task && !job.respawn) out.line(name);
}
void print_task(std::string_view name, const JobClass& job, Printer& out) {
  if (job.task && (out.dialect == Dialect::conf || job.respawn)) out.line(name);
}

// --- signals

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

void parse_kill_timeout(Statement& in) {
  if (const auto seconds = in.number(0, most_seconds, bad_interval))
    in.job.kill_timeout = std::chrono::seconds{*seconds};
}
void print_kill_timeout(std::string_view name, const JobClass& job, Printer& out) {
  if (job.kill_timeout != JobClass{}.kill_timeout) out.line(name, job.kill_timeout.count());
}

void parse_watchdog(Statement& in) {
  if (const auto seconds = in.number(0, most_seconds, bad_interval)) in.job.watchdog = std::chrono::seconds{*seconds};
}
void print_watchdog(std::string_view name, const JobClass& job, Printer& out) {
  if (job.watchdog.count() > 0) out.line(name, job.watchdog.count());
}

constexpr std::array<std::pair<std::string_view, Expect>, 6> expectations{{{"stop", Expect::stop},
                                                                           {"fork", Expect::fork},
                                                                           {"daemon", Expect::daemon},
                                                                           {"none", Expect::none},
                                                                           {"readyfd", Expect::ready_fd},
                                                                           {"notify", Expect::notify}}};

// --- environment

// Where in a list an entry of that key stands, or is to be added. `places` is filled at the first call.
template <class Entries, class KeyOf>
std::size_t place_of(std::map<std::string, std::size_t, std::less<>>& places, const Entries& entries, std::string key,
                     KeyOf key_of) {
  if (places.empty())
    for (std::size_t i = 0; i < entries.size(); ++i) places.emplace(key_of(entries[i]), i);
  return places.try_emplace(std::move(key), entries.size()).first->second;
}

// A later entry of the same variable takes the place of the earlier one, whichever way it is given.
void parse_env(Statement& in) {
  auto entry = in.word();
  if (in.failed()) return;
  const auto key_of = [](const std::string& text) { return text.substr(0, text.find('=')); };
  auto& env = in.job.env;
  const auto place = place_of(in.facts.env_places, env, key_of(entry), key_of);
  if (place < env.size()) env[place] = std::move(entry);
  else env.push_back(std::move(entry));
}

// --- what the process gets

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

constexpr auto harmless = Stanza::Again::harmless;
constexpr auto both = Stanza::In::both;
constexpr auto event_d = Stanza::In::event_d;
using Job = JobClass;

// clang-format off
constexpr std::array table{
    Stanza{"description", "TEXT", "what the job is", parse_text<&Job::description>, print_text<&Job::description>},
    Stanza{"author", "TEXT", "who wrote the job", parse_text<&Job::author>, print_text<&Job::author>},
    Stanza{"version", "TEXT", "which version of the job this is", parse_text<&Job::version>, print_text<&Job::version>},
    Stanza{"usage", "TEXT", "shown by initctl usage, and when instance variables are missing", parse_text<&Job::usage>,
           print_text<&Job::usage>},
    Stanza{"emits", "EVENT…", "events that the job's processes emit", parse_list<&Job::emits>, print_list<&Job::emits>,
           both, harmless},

    Stanza{"start on", "EVENT [ARG…] [and|or …]", "the events that start the job",
           parse_event_expression<&Job::start_on, &FileFacts::start_on>, print_event_expression<&Job::start_on>},
    Stanza{"on", "EVENT [ARG…] [and|or …]", "the same as start on",
           parse_event_expression<&Job::start_on, &FileFacts::start_on>, nullptr, event_d},
    Stanza{"stop on", "EVENT [ARG…] [and|or …]", "the events that stop the job",
           parse_event_expression<&Job::stop_on, &FileFacts::stop_on>, print_event_expression<&Job::stop_on>},
    Stanza{"manual", "", "drops a start on that came before", parse_manual, nullptr, both, harmless},
    Stanza{"task", "", "the job is done when it has run", parse_flag<&Job::task>, print_task, both, harmless},
    Stanza{"service", "", "the job is done when it runs", parse_service, print_service, event_d, harmless},
    Stanza{"instance", "NAME", "name of each instance, with variables of its start", parse_text<&Job::instance>,
           print_text<&Job::instance>},

    Stanza{"exec", "COMMAND [ARG…]", "the main process", parse_exec<main>, print_exec<main>, both, {}, "main"},
    Stanza{"script", "", "the main process, a shell script up to end script", parse_script<main>, print_script<main>,
           both, {}, "main"},
    Stanza{"pre-start exec", "COMMAND [ARG…]", "runs before the main process", parse_exec<pre_start>,
           print_exec<pre_start>, both, {}, "pre-start"},
    Stanza{"pre-start script", "", "the same as a script", parse_script<pre_start>, print_script<pre_start>, both, {},
           "pre-start"},
    Stanza{"start script", "", "the older name of pre-start script", parse_script<pre_start>, nullptr, event_d, {},
           "pre-start"},
    Stanza{"post-start exec", "COMMAND [ARG…]", "runs when the main process is ready", parse_exec<post_start>,
           print_exec<post_start>, both, {}, "post-start"},
    Stanza{"post-start script", "", "the same as a script", parse_script<post_start>, print_script<post_start>, both, {},
           "post-start"},
    Stanza{"pre-stop exec", "COMMAND [ARG…]", "runs before the main process is stopped", parse_exec<pre_stop>,
           print_exec<pre_stop>, both, {}, "pre-stop"},
    Stanza{"pre-stop script", "", "the same as a script", parse_script<pre_stop>, print_script<pre_stop>, both, {},
           "pre-stop"},
    Stanza{"post-stop exec", "COMMAND [ARG…]", "runs when the main process has ended", parse_exec<post_stop>,
           print_exec<post_stop>, both, {}, "post-stop"},
    Stanza{"post-stop script", "", "the same as a script", parse_script<post_stop>, print_script<post_stop>, both, {},
           "post-stop"},
    Stanza{"stop script", "", "the older name of pre-stop script", parse_script<pre_stop>, nullptr, event_d, {},
           "pre-stop"},

    Stanza{"expect", "stop|fork|daemon|none|readyfd|notify", "how the main process says that it is ready",
           parse_choice<&Job::expect, expectations>, print_choice<&Job::expect, expectations>},
    Stanza{"watchdog", "SECONDS", "with expect notify: how long the main process may be silent", parse_watchdog, print_watchdog},
    Stanza{"respawn", "", "start the main process again when it ends abnormally", parse_respawn,
           print_flag<&Job::respawn>, both, harmless},
    Stanza{"respawn limit", "COUNT INTERVAL|unlimited", "at most COUNT respawns in INTERVAL seconds",
           parse_respawn_limit, print_respawn_limit},
    Stanza{"normal exit", "STATUS|SIGNAL…", "ends that are not failures", parse_normal_exit, print_normal_exit, both,
           harmless},
    Stanza{"normalexit", "STATUS|SIGNAL…", "the same as normal exit", parse_normal_exit, nullptr, event_d, harmless},
    Stanza{"kill signal", "SIGNAL", "what stops the main process", parse_signal<&Job::kill_signal>,
           print_signal<&Job::kill_signal>},
    Stanza{"kill timeout", "SECONDS", "how long to wait before SIGKILL", parse_kill_timeout, print_kill_timeout},
    Stanza{"reload signal", "SIGNAL", "what initctl reload sends", parse_signal<&Job::reload_signal>,
           print_signal<&Job::reload_signal>},

    Stanza{"env", "KEY[=VALUE]", "a variable of the job's environment, or one taken over from init", parse_env,
           print_list<&Job::env>, both, harmless},
    Stanza{"export", "KEY…", "variables that the job's events carry", parse_list<&Job::exports>,
           print_list<&Job::exports>, both, harmless},
    Stanza{"import", "KEY…", "variables taken over from the start event or command", parse_list<&Job::imports>,
           print_list<&Job::imports>, both, harmless},
    Stanza{"tmpfiles", "PATH…", "tmpfiles.d files applied before pre-start", parse_list<&Job::tmpfiles>,
           print_list<&Job::tmpfiles>, both, harmless},
    Stanza{"console", "none|log|output|owner", "where standard output and error go", parse_choice<&Job::console, consoles>,
           print_choice<&Job::console, consoles>},
    Stanza{"umask", "OCTAL", "file creation mask", parse_umask, print_umask},
    Stanza{"nice", "-20…19", "scheduling priority", parse_nice, print_nice},
    Stanza{"oom score", "-1000…1000|never", "how soon the kernel may end the job for want of memory", parse_oom_score,
           print_oom_score},
    Stanza{"oom", "-17…15|never", "the older scale of oom score", parse_oom, nullptr, both, {}, "oom score"},
    Stanza{"limit", "RESOURCE SOFT|unlimited HARD|unlimited", "a resource limit", parse_limit, print_limit, both, harmless},
    Stanza{"chroot", "DIR", "root directory", parse_text<&Job::chroot>, print_text<&Job::chroot>},
    Stanza{"chdir", "DIR", "working directory", parse_text<&Job::chdir>, print_text<&Job::chdir>},
    Stanza{"setuid", "USER", "user that the processes run as", parse_text<&Job::setuid>, print_text<&Job::setuid>},
    Stanza{"setgid", "GROUP", "group that the processes run as", parse_text<&Job::setgid>, print_text<&Job::setgid>},
    Stanza{"cgroup", "CONTROLLER [NAME] [KEY VALUE]", "control group of the processes", parse_cgroup, print_cgroup, both,
           harmless},
    Stanza{"apparmor load", "PROFILE", "AppArmor profile loaded before pre-start", parse_text<&Job::apparmor_load>,
           print_text<&Job::apparmor_load>},
    Stanza{"apparmor switch", "NAME", "AppArmor profile of the main process", parse_text<&Job::apparmor_switch>,
           print_text<&Job::apparmor_switch>},
    Stanza{"debug", "", "the main process stops itself before it executes (init --debug)", parse_flag<&Job::debug>,
           print_flag<&Job::debug>, both, harmless},
};
// clang-format on

} // namespace

std::span<const Stanza> stanzas() { return table; }

namespace {
// The table's indices in the order of first words.
constexpr auto by_first_word = [] {
  std::array<std::size_t, table.size()> order{};
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [](std::size_t i) { return table[i].first_word(); });
  return order;
}();
} // namespace

StanzaFamily::StanzaFamily(std::string_view first_word, Dialect dialect) {
  const auto same =
      std::ranges::equal_range(by_first_word, first_word, {}, [](std::size_t i) { return table[i].first_word(); });
  for (const auto i : same) {
    const auto& stanza = table[i];
    if (!stanza.belongs_to(dialect)) continue;
    if (stanza.second_word().empty()) alone_ = &stanza;
    else pairs_[pair_count_++] = &stanza;
  }
}

const Stanza* StanzaFamily::with(std::string_view second_word) const {
  const auto found = std::ranges::find(pairs(), second_word, &Stanza::second_word);
  return found == pairs().end() ? nullptr : *found;
}

std::vector<std::string_view> StanzaFamily::second_words() const {
  std::vector<std::string_view> words;
  for (const auto* stanza : pairs()) words.push_back(stanza->second_word());
  return words;
}

std::string suggested_stanza(std::string_view word, Dialect dialect) {
  if (!StanzaFamily(word, Dialect::event_d).empty())
    return std::format("`{}` belongs to the files of event.d directories", word);
  if (word == "end") return "no block is open here";
  std::vector<std::string_view> words;
  for (const auto& stanza : table) {
    if (!stanza.belongs_to(dialect)) continue;
    if (words.empty() || words.back() != stanza.first_word()) words.push_back(stanza.first_word());
    if (!stanza.second_word().empty()) words.push_back(stanza.name);
  }
  std::string spaced(word);
  std::ranges::replace(spaced, '-', ' ');
  return near_miss(spaced, words);
}

} // namespace upstart::supervisor
