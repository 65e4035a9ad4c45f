#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/ini.hpp"
#include "clients/convert/services/services.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <format>
#include <optional>
#include <utility>

namespace upstart::convert {

namespace {

struct Program {
  Job job;
  const IniSection& section;
  std::string here; // the directory of the file
  std::string file; // its name
  std::string name;
  std::string output{}, errors{};
  const IniEntry* user = nullptr;
  bool restarts = true, joins_errors = false;
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

// What supervisord takes for true and for false.
std::optional<bool> boolean_of(std::string value) {
  std::ranges::transform(value, value.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::ranges::contains(std::array{"true", "yes", "on", "1"}, std::string_view{value})) return true;
  if (std::ranges::contains(std::array{"false", "no", "off", "0"}, std::string_view{value})) return false;
  return std::nullopt;
}
constexpr const char* no_boolean = "neither true nor false";

int number_of(const IniSection& section, std::string_view key, int otherwise) {
  auto text = section.get(key);
  std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

// A part of a value: as it is, or looked up by the shell when the job runs, within double quotes or alone.
struct Piece {
  std::string text;
  bool is_of_shell;
};
using Pieces = std::vector<Piece>;

// %(NAME)s, %(NAME)02d: what stands for it; nothing where supervisord has no such name.
std::optional<Piece> piece_of(const Program& program, std::string_view name, std::string_view form) {
  bool are_many = number_of(program.section, "numprocs", 1) > 1;
  auto first = std::to_string(number_of(program.section, "numprocs_start", 0));
  if (name.starts_with("ENV_")) return Piece{std::format("${{{}}}", name.substr(4)), true};
  if (name == "host_node_name") return Piece{"$(uname -n)", true};
  if (name == "process_num" && !are_many) return Piece{first, false};
  if (name == "process_num" && form.size() == 1) return Piece{"${UPSTART_INSTANCE}", true};
  if (name == "process_num") return Piece{std::format("$(printf %{} \"${{UPSTART_INSTANCE}}\")", form), true};
  if (name == "program_name" || name == "group_name") return Piece{program.name, false};
  if (name == "here") return Piece{program.here, false};
  if (name == "numprocs") return Piece{std::to_string(number_of(program.section, "numprocs", 1)), false};
  return std::nullopt;
}

Pieces pieces_of(Program& program, const IniEntry& from, std::string_view text) {
  Pieces pieces;
  std::string literal;
  while (!text.empty()) {
    auto close = text.find(')');
    auto end = close == std::string_view::npos ? close : text.find_first_of("sd", close + 1);
    if (text.starts_with("%%")) {
      literal += '%';
      text.remove_prefix(2);
    } else if (text.starts_with("%(") && end != std::string_view::npos) {
      auto name = text.substr(2, close - 2);
      auto piece = piece_of(program, name, text.substr(close + 1, end - close));
      if (!piece) program.missing(from, std::format("%({}) has no counterpart", name));
      else if (!piece->is_of_shell) literal += piece->text;
      else {
        if (!literal.empty()) pieces.push_back({std::exchange(literal, {}), false});
        pieces.push_back(*piece);
      }
      text.remove_prefix(end + 1);
    } else {
      literal += text[0];
      text.remove_prefix(1);
    }
  }
  if (!literal.empty() || pieces.empty()) pieces.push_back({literal, false});
  return pieces;
}

bool is_known(const Pieces& pieces) { return std::ranges::none_of(pieces, &Piece::is_of_shell); }
std::string quoted(const Pieces& pieces) {
  std::string text;
  for (const auto& piece : pieces) text += piece.is_of_shell ? piece.text : within_quotes(piece.text);
  return '"' + text + '"';
}
// One word of the shell.
std::string word_of(const Pieces& pieces) { return is_known(pieces) ? as_word(pieces.front().text) : quoted(pieces); }

// As shlex.split of Python divides it, which is what supervisord does in place of a shell. Nothing: a quote is not
// closed.
std::optional<std::vector<std::string>> split(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && std::string_view{" \t\r\n"}.contains(c)) {
      in_word = false;
      continue;
    }
    if (!std::exchange(in_word, true)) words.emplace_back();
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    bool escapes = c == '\\' && quote != '\'' && (quote == '\0' || next == '"' || next == '\\');
    if (escapes && next == '\0') return std::nullopt;
    if (escapes) words.back() += text[++i];
    else if (quote != '\0' ? c == quote : c == '"' || c == '\'') quote = quote != '\0' ? '\0' : c;
    else words.back() += c;
  }
  if (quote != '\0') return std::nullopt;
  return words;
}

// No shell is between supervisord and the program; a variable that is a whole word may be several.
void take_command(Program& to, const IniEntry& from) {
  auto words = split(from.value);
  if (!words) return to.missing(from, "a quote in it is not closed");
  to.job.main.clear();
  for (const auto& word : *words) {
    auto pieces = pieces_of(to, from, word);
    bool is_variable = pieces.size() == 1 && pieces.front().is_of_shell;
    to.job.main += (to.job.main.empty() ? "" : " ") + (is_variable ? pieces.front().text : word_of(pieces));
  }
}
void take_directory(Program& to, const IniEntry& from) {
  auto pieces = pieces_of(to, from, from.value);
  if (is_known(pieces)) to.set(from, "chdir", pieces.front().text);
  else to.job.before_main.push_back("cd " + word_of(pieces));
}
void take_umask(Program& to, const IniEntry& from) { to.set(from, "umask", from.value); }
void take_user(Program& to, const IniEntry& from) { to.user = &from; }
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
  auto starts = boolean_of(from.value);
  if (!starts) to.missing(from, no_boolean);
  else if (!*starts) to.job.starts.clear();
}
void take_autorestart(Program& to, const IniEntry& from) {
  if (from.value == "unexpected") return;
  auto restarts = boolean_of(from.value);
  if (!restarts) return to.missing(from, "neither true, false nor unexpected");
  to.restarts = *restarts;
  if (*restarts) to.exits.clear();
}
void take_processes(Program& to, const IniEntry& from) {
  int count = number_of(to.section, "numprocs", 0), first = number_of(to.section, "numprocs_start", 0);
  if (count < 1) return to.missing(from, "not a number");
  if (count == 1) return;
  to.job.set("instance $NUMBER");
  to.job.starts.clear();
  to.missing(from, std::format("start each by `initctl start {} NUMBER={}' and so on, up to NUMBER={}", to.job.name,
                               first, first + count - 1));
}
void take_redirect(Program& to, const IniEntry& from) {
  auto redirects = boolean_of(from.value);
  if (!redirects) return to.missing(from, no_boolean);
  to.joins_errors = *redirects;
  if (!*redirects) to.note(from, "both go to the log of the job");
}
void take_log(Program& to, std::string& into, const IniEntry& from, const char* sign) {
  constexpr std::array own_outputs{"/dev/stdout", "/dev/stderr",     "/dev/fd/1",
                                   "/dev/fd/2",   "/proc/self/fd/1", "/proc/self/fd/2"};
  auto path = pieces_of(to, from, from.value);
  const auto& text = path.front().text;
  if (text == "AUTO" || text == "syslog") return to.note(from, "goes to the log of the job (`initctl log')");
  if (std::ranges::contains(own_outputs, text)) return to.job.set("console output");
  into = std::format(" {}{}", sign, text == "NONE" ? "/dev/null" : word_of(path));
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
    auto pieces = pieces_of(to, from, value);
    if (is_known(pieces)) add_variable(to.job, key, pieces.front().text);
    else to.job.common.push_back(std::format("export {}={}", key, word_of(pieces)));
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
    Option{"numprocs_start", nullptr, Remark::Kind::note, "it is in what numprocs becomes"},
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

void take(Program& program, const IniEntry& entry) {
  auto option = std::ranges::find(options, entry.key, &Option::name);
  if (option == options.end()) program.missing(entry, "not an option that upstart-convert knows");
  else if (option->take != nullptr) option->take(program, entry);
  else if (option->kind == Remark::Kind::note) program.note(entry, option->why);
  else program.missing(entry, option->why);
}

// Of supervisord itself its programs have the environment, to which they add, and else what they do not say.
void take_inherited(Program& program, const IniSection& of_all) {
  for (const auto& entry : of_all.entries) {
    bool is_root = entry.key == "user" && (entry.value == "root" || entry.value == "0"); // as every job
    bool is_default = (entry.key == "user" || entry.key == "umask") && program.section.get(entry.key).empty();
    if (entry.key == "environment" || (is_default && !is_root)) take(program, entry);
  }
}

// supervisord opens the logs as root, and then becomes the user; so does setpriv behind the shell that opens them.
void set_user(Program& program) {
  if (program.user == nullptr) return;
  bool opens_logs = !(program.output + program.errors).empty();
  if (!opens_logs) return program.set(*program.user, "setuid", program.user->value);
  program.job.as_user =
      std::format("setpriv --reuid={0} --regid=\"$(id -g {0})\" --init-groups --", as_word(program.user->value));
}

Job job_of(const std::string& path, const IniSection& section, const std::string& name, const IniSection* of_all) {
  std::error_code error;
  Program program{.job = {.name = job_name(name), .source = path},
                  .section = section,
                  .here = std::filesystem::absolute(path, error).lexically_normal().parent_path(),
                  .file = file_name(path),
                  .name = name};
  program.job.start_on("runlevel [2345]");
  program.job.stop_on("runlevel [!2345]");
  if (of_all != nullptr) take_inherited(program, *of_all);
  for (const auto& entry : section.entries) take(program, entry);
  auto& job = program.job;
  if (program.joins_errors) program.errors = program.output.empty() ? "" : " 2>&1";
  if (job.main.empty()) return std::move(job);
  set_user(program);
  job.main += program.output + program.errors;
  if (program.section.get("stopwaitsecs").empty()) job.set("kill timeout 10");
  if (program.restarts) job.set("respawn");
  if (program.restarts && !program.exits.empty()) job.set("normal exit " + program.exits);
  return std::move(job);
}

// The other sections: what is lost with them, or why nothing is.
struct Section {
  std::string_view prefix;
  const char* why;
  bool is_lost = false;
};
constexpr std::array other_sections{
    Section{"eventlistener:", "events of supervisord have no counterpart; `start on' hears Upstart's", true},
    Section{"fcgi-program:", "write a job with `start on socket …'; see upstart-socket-bridge(8)", true},
    Section{"group:", "a group is said by `start on starting JOB' of its members"},
    Section{"include", "give the files to upstart-convert, too"}, Section{"", "it is about supervisord itself"}};

Converted without_job(const std::string& source, std::string_view name) {
  auto section = std::ranges::find_if(other_sections, [&](const auto& one) { return name.starts_with(one.prefix); });
  if (section->is_lost) return {.source = source, .failure = section->why};
  return {.source = source, .no_need = section->why};
}

} // namespace

std::vector<Converted> convert_supervisord(const std::string& path, std::string_view text) {
  constexpr std::string_view prefix = "program:";
  std::vector<Converted> result;
  auto sections = parse_ini(text);
  auto of_all = std::ranges::find(sections, "supervisord", &IniSection::name);
  for (const auto& section : sections) {
    auto source = std::format("{} [{}]", path, section.name);
    if (!section.name.starts_with(prefix)) {
      result.push_back(without_job(source, section.name));
      continue;
    }
    auto name = section.name.substr(prefix.size());
    auto job = job_of(path, section, name, of_all == sections.end() ? nullptr : &*of_all);
    if (job.main.empty())
      result.push_back(
          {.source = source,
           .failure = section.get("command").empty() ? "command= is missing" : "a quote in command= is not closed"});
    else result.push_back({.source = source, .jobs = {std::move(job)}});
  }
  if (result.empty()) result.push_back({.source = path, .failure = "there is no section [program:NAME] in it"});
  return result;
}

} // namespace upstart::convert
