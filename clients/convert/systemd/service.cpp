#include "clients/convert/systemd/service.hpp"

#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/systemd/activation.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <utility>

namespace upstart::convert::systemd {

namespace {

using Lines = std::vector<std::string>;

// The group, or that of the user.
std::string group_word(const Conversion& from) {
  return from.group.is_given() ? from.group.word : std::format("\"$(id -g {})\"", from.user.word);
}

// setpriv becomes the command, so that the main process is the same.
std::string as_user(const Conversion& from) {
  std::string text;
  for (const auto& option : from.privileges) text += " " + option;
  if (from.needs_root && from.user.is_given())
    text += std::format(" --reuid={} --regid={} --init-groups", from.user.word, group_word(from));
  else if (from.needs_root && from.group.is_given()) text += std::format(" --regid={} --clear-groups", from.group.word);
  return text.empty() ? "" : "setpriv" + text + " -- ";
}

// A command of a script, as the user that it is to run as.
std::string line_of(const Conversion& from, const Command& command) {
  std::string text = command.is_privileged ? command.text : as_user(from) + command.text;
  return command.may_fail ? text + " || :" : text;
}

// Errors go where output goes, unless they are sent elsewhere.
std::string redirections(const Conversion& from) {
  auto errors = from.unit.last("Service", "StandardError");
  bool follow = (errors.empty() || errors == "inherit") && !from.output.empty();
  return from.input + from.output + (follow ? " 2>&1" : from.errors);
}

// To know the process that the commands of a stop are about.
constexpr const char* main_pid = "export MAINPID=$(initctl status | sed -n '1s/.*process \\([0-9]*\\).*/\\1/p')";

void add(Lines& to, const Conversion& from, const std::vector<Command>& commands, bool may_fail = false) {
  bool asks = std::ranges::any_of(commands, &Command::uses_main_pid);
  if (asks && !std::ranges::contains(to, main_pid)) to.emplace_back(main_pid);
  for (const auto& command : commands) {
    auto line = line_of(from, command);
    if (may_fail && !command.may_fail) line += " || :";
    to.push_back(std::move(line));
  }
}

// What only another job may make, since this one finds it read-only.
bool cannot_make_directories(const Conversion& from) {
  auto system = from.unit.last("Service", "ProtectSystem");
  auto is_of_etc = [](const auto& directory) { return directory.base == "/etc"; };
  return system == "strict" || (system == "full" && std::ranges::any_of(from.directories, is_of_etc));
}

// A session has one user, whoever its units name.
void drop_accounts(Conversion& from) {
  for (auto [key, account] : {std::pair{"User", &from.user}, {"Group", &from.group}})
    if (account->is_given())
      from.job.remarks.push_back({Remark::Kind::missing, from.unit.name, std::format("{}={}", key, account->word),
                                  "the jobs of a session are its user's"});
  from.user = from.group = {};
}

void take_user(Conversion& from) {
  auto& job = from.job;
  if (from.unit.of_user) drop_accounts(from);
  bool has_directories = !from.directories.empty() && from.user.is_given() && !cannot_make_directories(from);
  bool is_other = from.user.is_given() || from.group.is_given();
  bool apart = from.needs_root; // some commands are those of root
  from.needs_root = is_other && (from.needs_root || from.begins_as_root || has_directories);
  set_sandbox(from, apart || from.needs_root);
  if (from.needs_root || !is_other) return;
  for (auto [stanza, account] : {std::pair{"setuid", &from.user}, {"setgid", &from.group}})
    if (auto argument = as_argument(account->name); argument && !account->name.empty())
      job.set(std::format("{} {}", stanza, *argument));
}

void take_directories(Conversion& from, Lines& before, Lines& after) {
  for (const auto& kind : from.directories) {
    std::string paths, words;
    for (const auto& name : kind.names) {
      auto path = kind.base + "/" + name;
      paths += (paths.empty() ? "" : ":") + path;
      words += " " + as_word(path);
    }
    if (words.empty()) continue;
    std::string owner;
    if (kind.is_users && from.user.is_given()) owner = std::format(" -o {} -g {}", from.user.word, group_word(from));
    before.push_back(std::format("install -d -m {}{}{}", kind.mode, owner, words));
    if (kind.goes) after.push_back("rm -rf" + words);
    add_variable(from.job, kind.variable, paths);
  }
}

// systemd makes them, and so they may be written to.
void add_writable_directories(Conversion& from) {
  if (from.unit.last("Service", "ProtectSystem") != "strict") return;
  for (const auto& kind : from.directories)
    for (const auto& name : kind.names) from.writable.push_back(kind.base + "/" + name);
}

void take_instance(Conversion& from) {
  const auto& unit = from.unit;
  if (!unit.is_template) return;
  auto& job = from.job;
  job.name = job_name(unit.prefix) + (unit.has_namesake ? "@" : "");
  job.set("instance $INSTANCE");
  job.set(std::format("usage \"{}: start it with INSTANCE=NAME\"", job.name));
  if (job.starts.empty()) return;
  auto instance = std::string{unit.last("Install", "DefaultInstance")};
  if (!instance.empty()) {
    job.set("env INSTANCE=" + as_word(instance));
    return;
  }
  job.starts.clear();
  job.remarks.push_back(
      {Remark::Kind::note, unit.name, "[Install]",
       "instances are started by `initctl start " + job.name + " INSTANCE=…'; convert NAME@INSTANCE for a job of one"});
}

void take_restart(Conversion& from) {
  auto& job = from.job;
  bool restarts = !from.restart.empty() && from.restart != "no";
  Lines normal = from.normal_exits;
  if (restarts && from.restart != "always") normal.insert(normal.begin(), {"0", "HUP", "INT", "TERM", "PIPE"});
  if (restarts) {
    job.set("respawn");
    bool unlimited = from.limit_interval == "0" || from.limit_count == "0";
    job.set(unlimited ? "respawn limit unlimited"
                      : std::format("respawn limit {} {}", from.limit_count, from.limit_interval));
    if (!from.restart_pause.empty())
      job.post_stop.push_back(
          std::format("case $(initctl status) in *' start/'*) sleep {} ;; esac", from.restart_pause));
  }
  std::string list;
  for (const auto& one : normal) list += " " + one;
  if (!list.empty()) job.set("normal exit" + list);
}

void take_readiness(Conversion& from) {
  if (from.type == Type::forking) from.job.set("expect daemon");
  if (from.type == Type::notify) from.job.set("expect notify");
  else if (from.watchdog != nullptr)
    from.missing(*from.watchdog, "the stanza `watchdog' has an effect with `expect notify' (Type=notify) only");
}

// Each command is awaited before the next; the job is the last of them, or what stays when all are done.
void take_oneshot(Conversion& from) {
  auto& job = from.job;
  if (from.remains || from.start.empty()) {
    add(job.pre_start, from, from.start);
    if (!redirections(from).empty())
      job.remarks.push_back({Remark::Kind::missing, from.unit.name, "StandardOutput", "goes to the log of the job"});
    return;
  }
  job.set("task");
  auto first = from.start;
  auto last = first.back();
  first.pop_back();
  bool may_fail = last.may_fail;
  last.may_fail = false;
  add(job.before_main, from, first);
  job.main = line_of(from, last) + redirections(from);
  if (may_fail) job.main = std::format("sh -c {}", as_word(job.main + " || :"));
}

void take_main(Conversion& from) {
  auto& job = from.job;
  if (from.type == Type::oneshot) return take_oneshot(from);
  if (from.start.empty()) return;
  if (from.start.size() > 1)
    job.remarks.push_back(
        {Remark::Kind::missing, from.unit.name, "ExecStart", "a service has one command; the last is taken"});
  const auto& command = from.start.back();
  std::string wrappers;
  for (const auto& wrapper : from.wrappers) wrappers += wrapper + " ";
  job.main =
      wrappers +
      line_of(from, Command{.text = command.text, .words = command.words, .is_privileged = command.is_privileged}) +
      redirections(from);
  if (command.may_fail)
    job.remarks.push_back(
        {Remark::Kind::missing, from.unit.name, "ExecStart=-", "a failure of the program is one of the job"});
}

void take_ending(Conversion& from) {
  auto& job = from.job;
  bool is_state = job.main.empty();
  auto& when = is_state ? job.post_stop : job.pre_stop;
  Lines lines;
  add(lines, from, from.stop, true);
  when.insert(when.begin(), lines.begin(), lines.end());
  add(job.post_stop, from, from.after_stop, true);
  if (!is_state && from.type != Type::oneshot) job.set("kill timeout " + from.stop_timeout);
  if (!from.stop_signal.empty()) job.set("kill signal " + from.stop_signal);
  if (from.kill_signal == nullptr) return;
  if (from.stop_signal.empty()) from.set(*from.kill_signal, "kill signal", from.kill_signal->value);
  else from.missing(*from.kill_signal, "one signal is sent, that of ExecStop=");
}

void take_beginning(Conversion& from, const Lines& wanted, const Lines& directories) {
  auto& job = from.job;
  job.pre_start = from.checks;
  for (const auto& command : from.conditions)
    job.pre_start.push_back(line_of(from, command) + " || { initctl stop --no-wait; exit 0; }");
  job.pre_start.insert(job.pre_start.end(), wanted.begin(), wanted.end());
  job.pre_start.insert(job.pre_start.end(), directories.begin(), directories.end());
  add(job.pre_start, from, from.before);
  add(job.post_start, from, from.after);
}

// A service that needs others, and runs after them, is started by the last of them.
void take_required(Conversion& from) {
  auto& job = from.job;
  for (const auto& other : from.required) {
    job.stop_on("stopping " + other.condition);
    if (std::ranges::contains(from.after_units, other)) continue;
    job.pre_start.push_back(std::format("initctl start --no-wait {} 2>/dev/null || :", other.words));
    from.begins_as_root = true;
  }
  if (from.after_units.empty()) return;
  if (!job.starts.empty()) std::erase_if(job.starts, [](const auto& event) { return event.starts_with("runlevel"); });
  std::string all;
  for (const auto& other : from.after_units)
    all += std::format("{}started {}", all.empty() ? "" : " and ", other.condition);
  job.starts.insert(job.starts.begin(), from.after_units.size() > 1 ? "(" + all + ")" : all);
}

// Made before each start, and removed after each stop, by a job that is not confined.
Job job_of_confined_directories(Conversion& from, Lines& before, Lines& after) {
  Job job{.name = from.job.name + "-directories",
          .source = from.job.source,
          .description = "makes the directories of " + from.job.name + ", to which they are read-only"};
  job.start_on("starting " + from.job.name);
  job.stop_on("stopped " + from.job.name);
  job.pre_start = std::exchange(before, {});
  job.post_stop = std::exchange(after, {});
  return job;
}

// As early as there is one; the bridge tries again until they are there.
Job job_of_directories(const Conversion& from, const std::vector<Unit>& activators) {
  Job job{.name = from.job.name + "-socket-directory",
          .source = from.job.source,
          .description = "makes what the sockets of " + from.job.name + " are in"};
  std::string mode = "0755";
  for (const auto& unit : activators)
    if (auto given = unit.last("Socket", "DirectoryMode"); !given.empty()) mode = given;
  job.start_on("startup");
  job.set("task");
  job.main = "install -d -m " + mode;
  for (const auto& directory : from.socket_directories) job.main += " " + as_word(directory);
  return job;
}

// What nothing else stops ends with the machine, or the session (DefaultDependencies=).
void stop_at_the_end(Conversion& from) {
  auto& job = from.job;
  if (job.starts.empty() || !job.stops.empty() || is_false(from.unit.last("Unit", "DefaultDependencies"))) return;
  job.stop_on(from.unit.of_user ? "session-end" : "runlevel [06]");
}

void note_lack_of_start(Conversion& from) {
  auto& job = from.job;
  if (!job.starts.empty() || from.unit.is_template) return;
  job.remarks.push_back({Remark::Kind::note, from.unit.name, "[Install]", "nothing starts it but `initctl start'"});
}

} // namespace

std::expected<std::vector<Job>, std::string> jobs_of_service(const Unit& unit, const std::vector<Unit>& activators) {
  Conversion from{.unit = unit, .job = {.name = job_of_unit(unit.name), .source = unit.name}};
  const std::array of_unit{unit_directives()};
  const std::array of_service{service_directives(), execution_directives(), sandbox_directives()};
  const std::array of_old{unit_directives(), service_directives()}; // [Unit] StartLimitBurst
  take_section(from, "Unit", of_old);
  take_section(from, "Service", of_service);
  take_section(from, "Install", of_unit);
  tell_other_sections(from, std::array<std::string_view, 3>{"Unit", "Service", "Install"});
  for (const auto& activator : activators) add_activator(from, activator);
  if (!from.failure.empty()) return std::unexpected(from.failure);
  take_required(from);
  stop_at_the_end(from);
  add_writable_directories(from);
  take_user(from);
  Lines directories, after;
  take_directories(from, directories, after);
  std::vector<Job> jobs;
  if (!directories.empty() && cannot_make_directories(from))
    jobs.push_back(job_of_confined_directories(from, directories, after));
  take_instance(from);
  take_readiness(from);
  auto wanted = std::move(from.job.pre_start); // jobs that are to be started, too
  from.job.pre_start.clear();
  take_beginning(from, wanted, directories);
  take_main(from);
  take_ending(from);
  from.job.post_stop.insert(from.job.post_stop.end(), after.begin(), after.end());
  take_restart(from);
  note_lack_of_start(from);
  if (!from.socket_directories.empty()) jobs.push_back(job_of_directories(from, activators));
  jobs.push_back(std::move(from.job));
  return jobs;
}

} // namespace upstart::convert::systemd
