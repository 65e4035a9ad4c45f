#include "daemons/job-supervisor/language/stanzas/groups.hpp"

#include "daemons/job-supervisor/language/stanzas/shapes.hpp"

#include <charconv>
#include <format>

namespace upstart::supervisor {

namespace {

constexpr std::string_view bad_size =
    "Illegal memory size, expected bytes (with K, M, G or T), a percentage or 'unlimited'";
constexpr std::string_view bad_weight = "Illegal weight, expected 1 to 10000";
constexpr std::string_view bad_tasks = "Illegal number of tasks, expected 1 or more, or 'unlimited'";
constexpr std::string_view bad_share =
    "Illegal processor share, expected a percentage, microseconds and their period, or 'unlimited'";
constexpr std::string_view bad_period = "Illegal period, expected 1000 to 1000000 microseconds";

constexpr std::string_view units = "KMGT";
constexpr unsigned bits_of_unit = 10;
constexpr std::array<std::string_view, 1> unlimited{"unlimited"};

// "max" is what the kernel says.
bool means_unlimited(std::string_view word) { return word == "unlimited" || word == "max"; }

// A number and what stands behind it; nothing where no number is.
std::optional<std::pair<std::uint64_t, std::string_view>> number_and_rest(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return std::pair{number, word.substr(static_cast<std::size_t>(end - word.data()))};
}

std::optional<MemorySize> size_of(std::string_view word) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max(), whole = 100;
  if (means_unlimited(word)) return MemorySize{};
  const auto parts = number_and_rest(word);
  if (!parts) return std::nullopt;
  const auto [number, rest] = *parts;
  if (rest == "%" && number >= 1 && number <= whole) return MemorySize{.amount = number, .is_percentage = true};
  if (rest.empty()) return number <= most ? std::optional{MemorySize{.amount = number}} : std::nullopt;
  const auto unit = rest.size() == 1 ? units.find(static_cast<char>(rest[0] & ~0x20)) : std::string_view::npos;
  if (unit == std::string_view::npos) return std::nullopt;
  const auto bits = bits_of_unit * (static_cast<unsigned>(unit) + 1);
  if (number > most >> bits) return std::nullopt;
  return MemorySize{.amount = number << bits};
}

// In the greatest unit that says it without a fraction.
std::string text_of(const MemorySize& size) {
  if (size.is_percentage) return std::format("{}%", size.amount);
  if (size.amount == without_limit) return "unlimited";
  auto amount = size.amount;
  std::size_t unit = 0;
  constexpr std::uint64_t step = 1U << bits_of_unit;
  for (; amount > 0 && amount % step == 0 && unit < units.size(); ++unit) amount /= step;
  return unit == 0 ? std::to_string(amount) : std::format("{}{}", amount, units[unit - 1]);
}

template <auto member> void parse_size(Statement& in) {
  const auto word = in.word();
  if (in.failed()) return;
  if (const auto size = size_of(word)) in.job.group_limits.edit().*member = *size;
  else in.fail(bad_size);
}
template <auto member> void print_size(std::string_view name, const JobClass& job, Printer& out) {
  if (const auto& size = (*job.group_limits).*member) out.line(name, text_of(*size));
}

template <auto member> void parse_weight(Statement& in) {
  constexpr std::uint64_t most = 10'000;
  if (const auto weight = in.number(std::uint64_t{1}, most, bad_weight)) in.job.group_limits.edit().*member = *weight;
}
template <auto member> void print_weight(std::string_view name, const JobClass& job, Printer& out) {
  if (const auto& weight = (*job.group_limits).*member) out.line(name, *weight);
}

void parse_tasks(Statement& in) {
  constexpr std::uint64_t most = std::numeric_limits<int>::max();
  const auto word = in.word();
  auto& tasks = in.job.group_limits.edit().tasks_max;
  if (means_unlimited(word)) tasks = without_limit;
  else if (const auto number = in.number(word, std::uint64_t{1}, most, bad_tasks)) tasks = *number;
}
void print_tasks(std::string_view name, const JobClass& job, Printer& out) {
  const auto& tasks = job.group_limits->tasks_max;
  if (tasks) out.line(name, *tasks == without_limit ? "unlimited" : std::to_string(*tasks));
}

constexpr std::uint64_t time_of_percent = ProcessorShare::usual_period / 100;
constexpr std::uint64_t least_time = 1000, most_time = 1'000'000'000'000, longest_period = 1'000'000;

void parse_share(Statement& in) {
  const auto word = in.word();
  if (in.failed()) return;
  auto& share = in.job.group_limits.edit().cpu_max;
  if (means_unlimited(word)) {
    share = ProcessorShare{};
    return;
  }
  const auto parts = number_and_rest(word);
  const bool is_percentage = parts && parts->second == "%";
  const auto least = is_percentage ? 1 : least_time, most = is_percentage ? most_time / time_of_percent : most_time;
  if (!parts || !(is_percentage || parts->second.empty()) || parts->first < least || parts->first > most)
    return in.fail(bad_share);
  if (is_percentage) share = ProcessorShare{.time = parts->first * time_of_percent};
  else if (const auto period = in.number(least_time, longest_period, bad_period))
    share = ProcessorShare{.time = parts->first, .period = *period};
}
void print_share(std::string_view name, const JobClass& job, Printer& out) {
  const auto& share = job.group_limits->cpu_max;
  if (!share) return;
  if (share->time == without_limit) out.line(name, "unlimited");
  else if (share->period == ProcessorShare::usual_period && share->time % time_of_percent == 0)
    out.line(name, std::format("{}%", share->time / time_of_percent));
  else out.line(name, share->time, share->period);
}

using Limits = GroupLimits;

// clang-format off
constexpr Stanza table[] = {
    {.name = "memory max",
     .arguments = "SIZE|PERCENT%|unlimited",
     .help = "how much memory the processes may take together",
     .manual = R"()",
     .words = unlimited,
     .parse = parse_size<&Limits::memory_max>,
     .print = print_size<&Limits::memory_max>},

    {.name = "memory high",
     .arguments = "SIZE|PERCENT%|unlimited",
     .help = "from how much memory on the processes are slowed down",
     .manual = R"(How much memory its processes may take together, and from where on the kernel slows
them down and takes memory back from them.
A process that asks for more than
.Cm max
is ended by the kernel.
.Ar SIZE
is in bytes, or with
.Cm K , M , G
or
.Cm T
behind it;
.Ar PERCENT
is of the memory of the machine.)",
     .words = unlimited,
     .parse = parse_size<&Limits::memory_high>,
     .print = print_size<&Limits::memory_high>},

    {.name = "cpu weight",
     .arguments = "1…10000",
     .help = "share of the processors where others want them, too",
     .manual = R"(Its share of the processors where others want them, too; others have 100.)",
     .parse = parse_weight<&Limits::cpu_weight>,
     .print = print_weight<&Limits::cpu_weight>},

    {.name = "cpu max",
     .arguments = "PERCENT%|unlimited|QUOTA PERIOD",
     .help = "how much processor time the processes may take together",
     .manual = R"(How much time of a processor its processes may take together, more than 100 percent
being more than one processor; or as much as
.Ar QUOTA
of each
.Ar PERIOD ,
in microseconds.)",
     .words = unlimited,
     .parse = parse_share,
     .print = print_share},

    {.name = "tasks max",
     .arguments = "NUMBER|unlimited",
     .help = "how many processes and threads there may be",
     .manual = R"(How many processes and threads it may have at a time; a fork beyond fails.)",
     .words = unlimited,
     .parse = parse_tasks,
     .print = print_tasks},

    {.name = "io weight",
     .arguments = "1…10000",
     .help = "share of the disks where others want them, too",
     .manual = R"(Its share of the disks where others want them, too; others have 100.)",
     .parse = parse_weight<&Limits::io_weight>,
     .print = print_weight<&Limits::io_weight>},
};
// clang-format on

constexpr std::string_view closing = R"(These hold for all processes of an instance together.
They are set on the control group that
.Ic cgroup
names, else on one of the job's own,
.Pa upstart/JOB
or
.Pa upstart/JOB-INSTANCE ,
below that of init.
On cgroup v1 they are what comes closest to them there.
In v2 only a group without processes passes controllers on; init and its daemons move
into
.Pa daemons.upstart
below theirs for that, where nobody else is in it.
Where the controller is not available (the kernel lacks it, or the group of init is
not delegated to it, as in a login session), the job runs without the limit, a
warning is logged, and
.Nm initctl explain
tells it.
A value that the kernel refuses fails the start.)";

} // namespace

StanzaGroup stanza_group::limits() {
  return {.title = "Limits of its control group", .stanzas = table, .closing = closing};
}

} // namespace upstart::supervisor
