#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/services.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::convert {

namespace {

struct Entry {
  std::string id, levels, action, process;
  std::size_t number; // of its line
};

// Which event starts it, and what kind of job it is.
struct Action {
  std::string_view name;
  const char* event;        // empty: the runlevels of the entry; null: nothing tells when
  const char* stanzas;      // separated by blanks, one word each
  const char* loss = "";    // what the job lacks
  const char* no_need = ""; // of a job
};
constexpr const char* power = "power-status-changed"; // of which init does not read what has changed
constexpr std::array actions{
    Action{"respawn", "", "respawn"},
    Action{"wait", "", "task"},
    Action{"once", "", ""},
    Action{"boot", "startup", ""},
    Action{"bootwait", "startup", "task"},
    Action{"sysinit", "startup", "task"},
    Action{"ctrlaltdel", "control-alt-delete", "task"},
    Action{"kbrequest", "keyboard-request", "task"},
    Action{"powerfail", power, "task", "the event does not tell why: the job runs when the power is back, too"},
    Action{"powerwait", power, "task", "the event does not tell why: the job runs when the power is back, too"},
    Action{"powerokwait", nullptr, "task", "no event tells that the power is back; `initctl start' starts it"},
    Action{"powerfailnow", nullptr, "task", "no event tells that the power is low; `initctl start' starts it"},
    Action{"off", "", "", "", "it is off"},
    Action{"initdefault", "", "", "",
           "the runlevel of the boot is a variable of the job rc-sysinit; see upstart-system-v(7)"},
    Action{"ondemand", nullptr, "respawn", "there are no runlevels a, b and c; `initctl start' starts it"},
};

// "23" as a set of the event runlevel.
std::string runlevels(const std::string& levels, const char* sign) {
  return levels.size() == 1 && *sign == '\0' ? "runlevel " + levels : std::format("runlevel [{}{}]", sign, levels);
}

void take_event(Job& job, const Action& action, const Entry& entry) {
  if (action.event == nullptr) return;
  if (*action.event != '\0') return job.start_on(action.event);
  auto levels = entry.levels.empty() ? std::string{"0123456"} : entry.levels;
  job.start_on(runlevels(levels, ""));
  if (levels != "0123456") job.stop_on(runlevels(levels, "!"));
}

Converted convert(const std::string& path, const Entry& entry) {
  auto action = std::ranges::find(actions, entry.action, &Action::name);
  auto place = std::format("{}:{}", path, entry.number);
  if (action == actions.end())
    return {.source = place, .failure = std::format("{} is no action of inittab(5)", entry.action)};
  if (*action->no_need != '\0') return {.source = place, .no_need = action->no_need};
  Job job{.name = job_name("inittab-" + entry.id), .source = std::format("{}, line {}", path, entry.number)};
  auto remark = [&](Remark::Kind kind, std::string what, std::string why) {
    job.remarks.push_back({kind, std::format("{}:{}", file_name(path), entry.number), std::move(what), std::move(why)});
  };
  take_event(job, *action, entry);
  if (*action->loss != '\0') remark(Remark::Kind::missing, entry.action, action->loss);
  for (const auto& stanza : words_of(action->stanzas)) job.set(stanza);
  if (std::ranges::contains(job.settings, "respawn")) job.set("respawn limit 10 120");
  if (entry.process.contains("getty")) job.set("kill mode process");
  bool has_plus = entry.process.starts_with('+');
  job.main = has_plus ? entry.process.substr(1) : entry.process;
  if (has_plus) remark(Remark::Kind::note, "+", "who logs in writes utmp");
  return {.source = place, .jobs = {std::move(job)}};
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
    if (fields[2].empty())
      result.push_back({.source = std::format("{}:{}", path, number), .failure = "not ID:RUNLEVELS:ACTION:PROCESS"});
    else result.push_back(convert(path, {fields[0], fields[1], fields[2], fields[3], number}));
  }
  if (result.empty()) result.push_back({.source = path, .failure = "there is no entry in it"});
  return result;
}

} // namespace upstart::convert
