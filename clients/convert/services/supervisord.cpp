#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/ini.hpp"
#include "clients/convert/services/services.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <format>

namespace upstart::convert {

namespace {

struct Program {
  Job job;
  const IniSection& section;
  std::string here; // the directory of the file
  std::string file; // its name
  std::string name;
  std::string output{}, errors{};
  bool restarts = true;
  std::string exits = "0";

  void missing(const IniEntry& from, std::string why) { remark(Remark::Kind::missing, from, std::move(why)); }
  void note(const IniEntry& from, std::string why) { remark(Remark::Kind::note, from, std::move(why)); }
  // A stanza whose argument is this value.
  void set(const IniEntry& from, std::string_view stanza, std::string_view value) {
    if (auto argument = as_argument(value)) job.set(std::format("{} {}", stanza, *argument));
    else missing(from, no_line_break);
  }

private:
  void remark(Remark::Kind kind, const IniEntry& from, std::string why) {
    job.remarks.push_back({kind, std::format("{}:{}", file, from.line), from.key + "=" + from.value, std::move(why)});
  }
};

// %(program_name)s and the like; %(ENV_X)s is a variable of the shell.
std::string expanded(const Program& program, std::string text) {
  const std::array<std::pair<std::string_view, std::string>, 6> names{{{"program_name", program.name},
                                                                       {"group_name", program.name},
                                                                       {"here", program.here},
                                                                       {"process_num", "${UPSTART_INSTANCE}"},
                                                                       {"numprocs", program.section.get("numprocs")},
                                                                       {"host_node_name", "$(uname -n)"}}};
  for (std::size_t at = text.find("%("); at != std::string::npos; at = text.find("%(", at + 1)) {
    auto close = text.find(')', at);
    if (close == std::string::npos) break;
    auto name = std::string_view{text}.substr(at + 2, close - at - 2);
    auto end = text.find_first_of("sd", close + 1);
    auto found = std::ranges::find(names, name, [](const auto& row) { return row.first; });
    std::string value = name.starts_with("ENV_") ? std::format("${{{}}}", name.substr(4))
                        : found == names.end()   ? std::string{}
                                                 : found->second;
    text.replace(at, (end == std::string::npos ? close : end) - at + 1, value);
  }
  for (auto at = text.find("%%"); at != std::string::npos; at = text.find("%%", at + 1)) text.erase(at, 1);
  return text;
}

void take_command(Program& to, const IniEntry& from) { to.job.main = expanded(to, from.value); }
void take_directory(Program& to, const IniEntry& from) { to.set(from, "chdir", expanded(to, from.value)); }
void take_umask(Program& to, const IniEntry& from) { to.set(from, "umask", from.value); }
void take_user(Program& to, const IniEntry& from) { to.set(from, "setuid", from.value); }
void take_stop_signal(Program& to, const IniEntry& from) { to.set(from, "kill signal", from.value); }
void take_stop_wait(Program& to, const IniEntry& from) { to.set(from, "kill timeout", from.value); }
void take_retries(Program& to, const IniEntry& from) {
  auto count = as_argument(from.value);
  if (!count) return to.missing(from, no_line_break);
  to.job.set(std::format("respawn limit {} 60", *count));
  to.note(from, "so many in a minute");
}
void take_exits(Program& to, const IniEntry& from) {
  auto exits = from.value;
  std::ranges::replace(exits, ',', ' ');
  to.exits.clear();
  for (const auto& one : words_of(exits)) to.exits += (to.exits.empty() ? "" : " ") + one;
}
void take_autostart(Program& to, const IniEntry& from) {
  if (from.value == "false") to.job.starts.clear();
}
void take_autorestart(Program& to, const IniEntry& from) {
  to.restarts = from.value != "false";
  if (from.value == "true") to.exits.clear();
}
void take_processes(Program& to, const IniEntry& from) {
  if (from.value == "1") return;
  to.job.set("instance $NUMBER");
  to.job.starts.clear();
  to.missing(from, std::format("start each by `initctl start {} NUMBER=0' and so on", to.job.name));
}
void take_redirect(Program& to, const IniEntry& from) {
  if (from.value == "false") to.note(from, "both go to the log of the job");
}
void take_log(Program& to, std::string& into, const IniEntry& from, const char* sign) {
  auto path = expanded(to, from.value);
  if (path == "AUTO" || path == "syslog") return to.note(from, "goes to the log of the job (`initctl log')");
  into = std::format(" {}{}", sign, path == "NONE" ? "/dev/null" : as_word(path));
}
void take_output(Program& to, const IniEntry& from) { take_log(to, to.output, from, ">>"); }
void take_errors(Program& to, const IniEntry& from) { take_log(to, to.errors, from, "2>>"); }

// KEY="value",KEY2='value'
void take_environment(Program& to, const IniEntry& from) {
  std::string_view text = from.value;
  while (!(text = trimmed(text)).empty()) {
    auto equals = text.find('=');
    if (equals == std::string_view::npos) return to.missing(from, "not KEY=VALUE,…");
    auto key = trimmed(text.substr(0, equals));
    text = trimmed(text.substr(equals + 1));
    bool is_quoted = !text.empty() && (text[0] == '"' || text[0] == '\'');
    auto end = is_quoted ? text.find(text[0], 1) : text.find_first_of(",\n");
    auto value = is_quoted ? text.substr(1, end - 1) : trimmed(text.substr(0, end));
    auto known = expanded(to, std::string{value});
    if (known.contains("$")) to.job.common.push_back(std::format("export {}=\"{}\"", key, known));
    else add_variable(to.job, key, known);
    auto comma = end == std::string_view::npos ? end : text.find_first_of(",\n", end);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
}
void take_priority(Program& to, const IniEntry& from) {
  to.missing(from, "an order alone cannot be said; `start on started JOB' says what comes before");
}

struct Option {
  std::string_view name;
  void (*take)(Program&, const IniEntry&) = nullptr;
  Remark::Kind kind = Remark::Kind::note;
  const char* why = "";
};
constexpr const char* log_rotation = "logrotate(8) rotates logs";
constexpr std::array options{
    Option{"command", take_command},
    Option{"directory", take_directory},
    Option{"umask", take_umask},
    Option{"user", take_user},
    Option{"stopsignal", take_stop_signal},
    Option{"stopwaitsecs", take_stop_wait},
    Option{"startretries", take_retries},
    Option{"exitcodes", take_exits},
    Option{"autostart", take_autostart},
    Option{"autorestart", take_autorestart},
    Option{"numprocs", take_processes},
    Option{"redirect_stderr", take_redirect},
    Option{"stdout_logfile", take_output},
    Option{"stderr_logfile", take_errors},
    Option{"environment", take_environment},
    Option{"priority", take_priority},
    Option{"process_name", nullptr, Remark::Kind::note, "an instance has its number for a name"},
    Option{"numprocs_start", nullptr, Remark::Kind::note, "see numprocs"},
    Option{"startsecs", nullptr, Remark::Kind::note, "a job runs as soon as its program does"},
    Option{"stopasgroup", nullptr, Remark::Kind::note, "a stop ends all processes of the job"},
    Option{"killasgroup", nullptr, Remark::Kind::note, "a stop ends all processes of the job"},
    Option{"stdout_logfile_maxbytes", nullptr, Remark::Kind::note, log_rotation},
    Option{"stdout_logfile_backups", nullptr, Remark::Kind::note, log_rotation},
    Option{"stderr_logfile_maxbytes", nullptr, Remark::Kind::note, log_rotation},
    Option{"stderr_logfile_backups", nullptr, Remark::Kind::note, log_rotation},
    Option{"stdout_syslog", nullptr, Remark::Kind::missing, "output goes to the log of the job"},
    Option{"stderr_syslog", nullptr, Remark::Kind::missing, "output goes to the log of the job"},
    Option{"stdout_capture_maxbytes", nullptr, Remark::Kind::missing, "there is no capture mode"},
    Option{"stderr_capture_maxbytes", nullptr, Remark::Kind::missing, "there is no capture mode"},
    Option{"stdout_events_enabled", nullptr, Remark::Kind::missing, "output makes no events"},
    Option{"stderr_events_enabled", nullptr, Remark::Kind::missing, "output makes no events"},
    Option{"serverurl", nullptr, Remark::Kind::missing, "there is no server of supervisord"},
};

Job job_of(const std::string& path, const IniSection& section, const std::string& name) {
  Program program{.job = {.name = job_name(name), .source = path},
                  .section = section,
                  .here = std::filesystem::path{path}.parent_path(),
                  .file = file_name(path),
                  .name = name};
  program.job.start_on("runlevel [2345]");
  program.job.stop_on("runlevel [!2345]");
  for (const auto& entry : section.entries) {
    auto option = std::ranges::find(options, entry.key, &Option::name);
    if (option == options.end()) program.missing(entry, "not an option that upstart-convert knows");
    else if (option->take != nullptr) option->take(program, entry);
    else if (option->kind == Remark::Kind::note) program.note(entry, option->why);
    else program.missing(entry, option->why);
  }
  auto& job = program.job;
  if (program.section.get("redirect_stderr") == "true") program.errors = program.output.empty() ? "" : " 2>&1";
  if (!job.main.empty()) job.main += program.output + program.errors;
  if (program.section.get("stopwaitsecs").empty()) job.set("kill timeout 10");
  if (program.restarts) job.set("respawn");
  if (program.restarts && !program.exits.empty()) job.set("normal exit " + program.exits);
  return std::move(job);
}

// What the other sections are.
std::string why_no_job(std::string_view section) {
  if (section.starts_with("group:")) return "a group is said by `start on starting JOB' of its members";
  if (section.starts_with("eventlistener:"))
    return "events of supervisord have no counterpart; `start on' hears Upstart's";
  if (section.starts_with("fcgi-program:")) return "write a job with `start on socket …'; see upstart-socket-bridge(8)";
  if (section == "include") return "give the files to upstart-convert, too";
  return "it is about supervisord itself";
}

} // namespace

std::vector<Converted> convert_supervisord(const std::string& path, std::string_view text) {
  constexpr std::string_view prefix = "program:";
  std::vector<Converted> result;
  auto sections = parse_ini(text);
  for (const auto& section : sections) {
    auto source = std::format("{} [{}]", path, section.name);
    if (!section.name.starts_with(prefix)) {
      result.push_back({.source = source, .failure = why_no_job(section.name)});
      continue;
    }
    auto job = job_of(path, section, section.name.substr(prefix.size()));
    if (job.main.empty()) result.push_back({.source = source, .failure = "command= is missing"});
    else result.push_back({.source = source, .jobs = {std::move(job)}});
  }
  if (result.empty()) result.push_back({.source = path, .failure = "there is no section [program:NAME] in it"});
  return result;
}

} // namespace upstart::convert
