#include "clients/convert/output/job.hpp"

#include "clients/convert/output/shell-line.hpp"

#include <algorithm>
#include <format>
#include <utility>

namespace upstart::convert {

namespace {

using Lines = std::vector<std::string>;

void add_once(Lines& list, std::string text) {
  if (!std::ranges::contains(list, text)) list.push_back(std::move(text));
}

// A comment is one line, whatever the source had.
std::string on_one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

void print_remarks(std::string& text, const Job& job, Remark::Kind kind, std::string_view heading) {
  if (!std::ranges::contains(job.remarks, kind, &Remark::kind)) return;
  text += std::format("#\n# {}\n", heading);
  for (const auto& remark : job.remarks)
    if (remark.kind == kind) text += std::format("#   {}\n", on_one_line(text_of(remark)));
}

void print_condition(std::string& text, std::string_view which, const Lines& events) {
  if (events.empty()) return;
  text += std::format("{} on ", which);
  if (events.size() == 1) text += events.front();
  else
    for (const auto& event : events) text += std::format("{}{}", &event == &events.front() ? "(" : "\n  or ", event);
  text += events.size() == 1 ? "\n" : ")\n";
}

void print_script(std::string& text, std::string_view process, const Lines& common, const Lines& lines) {
  if (lines.empty()) return;
  text += std::format("\n{}script\n", process);
  for (const auto* part : {&common, &lines})
    for (const auto& line : *part) text += std::format("  {}\n", line);
  text += "end script\n";
}

// `exec' takes a line as it is, save for comments, joins and quotes.
bool fits_exec(std::string_view command) { return command.find_first_of("\\#\n") == std::string_view::npos; }

// A line of several commands is run as a shell runs it that is given it: what fails in the middle does not end it.
void add_line(Lines& lines, const std::string& line) {
  if (line.contains(';')) lines.emplace_back("set +e");
  lines.push_back(line);
}

void print_main(std::string& text, const Job& job) {
  if (job.main.empty()) return;
  auto main = job.as_user.empty() ? job.main : job.as_user + " " + job.main;
  bool is_program = is_one_program(main);
  if (is_program && job.before_main.empty() && job.common.empty() && fits_exec(main)) {
    text += std::format("\nexec {}\n", main);
    return;
  }
  auto lines = job.before_main;
  if (is_program) lines.push_back("exec " + main);
  else add_line(lines, main);
  print_script(text, "", job.common, lines);
}

} // namespace

void Job::start_on(std::string event) { add_once(starts, std::move(event)); }
void Job::stop_on(std::string event) { add_once(stops, std::move(event)); }
void Job::move_to_session() {
  auto of_session = [](Lines& events, const char* event) {
    for (auto& one : std::exchange(events, {})) add_once(events, one.starts_with("runlevel") ? event : std::move(one));
  };
  auto tell = [this](std::string what) {
    remarks.push_back({Remark::Kind::missing, "", std::move(what), "the jobs of a session are its user's"});
  };
  of_session(starts, "startup");
  of_session(stops, "session-end");
  std::erase_if(settings, [&](const auto& stanza) {
    bool is_of_user = stanza.starts_with("setuid ") || stanza.starts_with("setgid ");
    if (is_of_user) tell(stanza);
    return is_of_user;
  });
  if (!as_user.empty()) tell(std::exchange(as_user, {}));
}
void Job::set(std::string stanza) { add_once(settings, std::move(stanza)); }

bool Job::is_whole() const { return !std::ranges::contains(remarks, Remark::Kind::missing, &Remark::kind); }

std::string text_of(const Remark& remark) {
  return std::format("{}{}{}: {}", remark.place, remark.place.empty() ? "" : ": ", remark.what, remark.why);
}

std::string print(const Job& job) {
  std::string text = std::format("# Converted by upstart-convert from {}.\n", on_one_line(job.source));
  print_remarks(text, job, Remark::Kind::missing, "Not expressed by this job:");
  print_remarks(text, job, Remark::Kind::note, "Expressed in another way, or without meaning here:");
  text += '\n';
  if (!job.description.empty()) {
    auto description = on_one_line(job.description);
    std::ranges::replace(description, '"', '\'');
    std::ranges::replace(description, '\\', '/');
    text += std::format("description \"{}\"\n\n", description);
  }
  print_condition(text, "start", job.starts);
  print_condition(text, "stop", job.stops);
  if (!job.starts.empty() || !job.stops.empty()) text += '\n';
  for (const auto& line : job.settings) text += line + "\n";
  for (const auto& variable : job.environment) text += std::format("env {}\n", variable);
  print_script(text, "pre-start ", job.common, job.pre_start);
  print_main(text, job);
  print_script(text, "post-start ", job.common, job.post_start);
  print_script(text, "pre-stop ", job.common, job.pre_stop);
  print_script(text, "post-stop ", job.common, job.post_stop);
  return text;
}

} // namespace upstart::convert
