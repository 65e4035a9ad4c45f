#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/services.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::convert {

namespace {

struct Entry {
  std::string id, levels, action, process, place;
};

// Which event starts it, and what kind of job it is.
struct Action {
  std::string_view name;
  const char* event;   // empty: the runlevels of the entry
  const char* stanzas; // separated by blanks, one word each
  const char* why_not = "";
};
constexpr std::array actions{
    Action{"respawn", "", "respawn"},
    Action{"wait", "", "task"},
    Action{"once", "", ""},
    Action{"boot", "startup", ""},
    Action{"bootwait", "startup", "task"},
    Action{"sysinit", "startup", "task"},
    Action{"ctrlaltdel", "control-alt-delete", "task"},
    Action{"kbrequest", "keyboard-request", "task"},
    Action{"powerfail", "power-status-changed PWRSTAT=FAIL", "task"},
    Action{"powerwait", "power-status-changed PWRSTAT=FAIL", "task"},
    Action{"powerokwait", "power-status-changed PWRSTAT=OK", "task"},
    Action{"powerfailnow", "power-status-changed PWRSTAT=LOW", "task"},
    Action{"off", "", "", "it is off"},
    Action{"initdefault", "", "",
           "the runlevel of the boot is a variable of the job rc-sysinit; see upstart-system-v(7)"},
    Action{"ondemand", "", "", "there are no runlevels a, b and c; emit an event of your own"},
};

// "23" as a set of the event runlevel.
std::string runlevels(const std::string& levels, const char* sign) {
  return levels.size() == 1 && *sign == '\0' ? "runlevel " + levels : std::format("runlevel [{}{}]", sign, levels);
}

Converted convert(const std::string& path, const Entry& entry) {
  auto source = std::format("{} ({})", path, entry.id);
  auto action = std::ranges::find(actions, entry.action, &Action::name);
  if (action == actions.end())
    return {.source = source, .failure = std::format("{}: {} is no action of inittab(5)", entry.place, entry.action)};
  if (*action->why_not != '\0') return {.source = source, .failure = action->why_not};
  Job job{.name = job_name("inittab-" + entry.id),
          .source = std::format("{}, line {}", path, entry.place.substr(entry.place.rfind(':') + 1))};
  if (*action->event != '\0') job.start_on(action->event);
  else if (auto levels = entry.levels.empty() ? std::string{"0123456"} : entry.levels; true) {
    job.start_on(runlevels(levels, ""));
    if (levels != "0123456") job.stop_on(runlevels(levels, "!"));
  }
  for (const auto& stanza : words_of(action->stanzas)) job.set(stanza);
  if (entry.action == "respawn") job.set("respawn limit 10 120");
  if (entry.process.contains("getty")) job.set("kill mode process");
  job.main = entry.process.starts_with('+') ? entry.process.substr(1) : entry.process;
  if (entry.process.starts_with('+'))
    job.remarks.push_back({Remark::Kind::note, entry.place, "+", "who logs in writes utmp"});
  return {.source = source, .jobs = {std::move(job)}};
}

} // namespace

std::vector<Converted> convert_inittab(const std::string& path, std::string_view text) {
  std::vector<Converted> result;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = trimmed(line);
    if (line.empty() || line[0] == '#') continue;
    std::array<std::string, 4> fields;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      auto end = i + 1 < fields.size() ? line.find(':') : std::string_view::npos;
      fields[i] = trimmed(line.substr(0, end));
      line = end == std::string_view::npos ? "" : line.substr(end + 1);
    }
    auto place = std::format("{}:{}", file_name(path), number);
    if (fields[2].empty()) result.push_back({.source = place, .failure = "not ID:RUNLEVELS:ACTION:PROCESS"});
    else result.push_back(convert(path, {fields[0], fields[1], fields[2], fields[3], place}));
  }
  if (result.empty()) result.push_back({.source = path, .failure = "there is no entry in it"});
  return result;
}

} // namespace upstart::convert
