// log: what a job has printed.
#include "clients/base/plain/visible-text.hpp"
#include "clients/base/questions.hpp"
#include "clients/base/supervisor.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/jobs/instance-meant.hpp"
#include "clients/initctl/log/log-file.hpp"
#include "clients/initctl/show/job-details.hpp"
#include "protocol/log-names.hpp"
#include "protocol/text.hpp"

#include <nlohmann/json.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <format>

namespace upstart::client {

namespace {

std::expected<std::optional<std::size_t>, Failure> lines_asked_for(const Call& call) {
  auto text = call.options.value("--lines");
  if (!text) return std::nullopt;
  std::size_t lines = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), lines);
  if (error != std::errc{} || end != text->data() + text->size() || lines == 0)
    return std::unexpected{Failure{"not a number of lines: " + *text, true}};
  return lines;
}

// The instances of a job that have a log in that directory.
std::vector<std::string> logged_instances(const std::filesystem::path& directory, const std::string& job) {
  std::vector<std::string> instances;
  std::string prefix = protocol::log_name(job, "");
  prefix.replace(prefix.size() - 4, 4, "-");
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{directory, none}) {
    std::string name = entry.path().filename();
    if (name.starts_with(prefix) && name.ends_with(".log"))
      instances.push_back(name.substr(prefix.size(), name.size() - prefix.size() - 4));
  }
  std::ranges::sort(instances);
  return instances;
}

bool lacks_directory(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::status(path.parent_path(), error).type() == std::filesystem::file_type::not_found;
}

// Why there is no file at that path: nothing was written yet, or there is nowhere to write it. The supervisor keeps
// the output then (LogFile of daemons/job-supervisor).
std::string what_is_missing(const std::filesystem::path& path) {
  if (!lacks_directory(path)) return path.native() + " does not exist";
  return std::format("the directory {} does not exist; until it does, up to 128 KiB of each job's output are kept and "
                     "written to its log afterwards",
                     path.parent_path().native());
}

// Where its output goes instead, by a stanza of its file; empty: nowhere else.
std::string stanza_without_log(Call& call, const std::string& job) try {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> elsewhere{
      {{"console none", "what it prints is kept nowhere"},
       {"console output", "what it prints goes to the console"},
       {"console owner", "what it prints goes to the console"}}};
  auto settings = settings_in(Supervisor{call.upstart->connection()}.PrintClass(protocol::escaped(job)));
  for (const auto& [stanza, what] : elsewhere)
    if (std::ranges::contains(settings, stanza)) return std::format("it has `{}': {}", stanza, what);
  return {};
} catch (const sdbus::Error& error) {
  if (is_gone(error)) return {}; // an older init
  throw;
}

Failure cannot_read(Call& call, const std::filesystem::path& path, int error, const std::string& job,
                    const std::string& instance) {
  if (error != ENOENT) return {std::format("Unable to read {}: {}", path.native(), std::strerror(error))};
  if (auto why = stanza_without_log(call, job); !why.empty())
    return {std::format("{} has no log: {}", shown_name(job, instance), why)};
  auto others = instance.empty() ? logged_instances(path.parent_path(), job) : std::vector<std::string>{};
  if (others.empty()) return {std::format("{} has no log: {}", shown_name(job, instance), what_is_missing(path))};
  std::string text = std::format("{} has a log for each instance. Name one of:", job);
  for (const auto& other : others) text += " " + visible(other);
  return {text};
}

// Until the file may have grown. False: the connection was lost.
bool wait_for_more(Connection& connection, const GrowingFile& file) {
  constexpr int look_again = 1000; // milliseconds
  auto changes = file.descriptor();
  std::array<pollfd, 2> waiting{{{connection.descriptor(), POLLIN, 0}, {changes.value_or(-1), POLLIN, 0}}};
  ::poll(waiting.data(), waiting.size(), changes ? -1 : look_again);
  if (waiting[0].revents == 0) return true;
  try {
    connection.handle_pending();
    return (waiting[0].revents & (POLLHUP | POLLERR)) == 0;
  } catch (const sdbus::Error&) { return false; }
}

// The same, coming back when the connection is lost. False: init has ended.
bool wait_for_more(Call& call, const GrowingFile& file) {
  if (wait_for_more(call.upstart->connection(), file)) return true;
  if (!call.upstart->come_back()) return false;
  call.context.err << std::format("{}: the connection to Upstart was lost, and made again\n", call.context.program);
  return true;
}

Outcome follow(Call& call, const std::filesystem::path& path, std::size_t offset) {
  GrowingFile file{path, offset};
  bool is_there = true;
  while (call.context.out.good()) {
    auto text = file.added();
    call.print_raw(text);
    call.context.out.flush();
    if (!is_there && text.empty())
      return std::unexpected{Failure{std::format("init has ended: nothing more is written to {}", path.native())}};
    if (is_there && call.context.out.good()) is_there = wait_for_more(call, file);
  }
  return 0;
}

std::string waiting_for(const std::filesystem::path& path) {
  if (!lacks_directory(path)) return std::format("initctl: waiting for {}, which does not exist yet\n", path.native());
  return std::format("initctl: waiting for {}: {}\n", path.native(), what_is_missing(path));
}

// By its name, or by KEY=VALUE as other commands have it, unless there is a log of an instance that is called so.
std::expected<std::string, Failure> instance_of(Call& call, const std::filesystem::path& directory) {
  auto words = call.arguments_from(1);
  if (words.empty()) return "";
  std::error_code none;
  bool is_name =
      !words[0].contains('=') || std::filesystem::exists(log_path(directory, call.arguments[0], words[0]), none);
  if (is_name) return words[0];
  if (auto fault = fault_in_variables(words)) return std::unexpected{*fault};
  return instance_meant(*call.upstart, call.arguments[0], words).value_or("");
}

Outcome show_log(Call& call) {
  auto lines = lines_asked_for(call);
  if (!lines) return std::unexpected{lines.error()};
  if (call.arguments.size() > 2 && !call.arguments[1].contains('='))
    return std::unexpected{Failure{"unexpected argument: " + call.arguments[2], true}};
  const std::string& job = call.arguments[0];
  (void)call.upstart->manager().GetJobByName(job);
  auto directory = log_directory(call.context, *call.upstart);
  if (!directory) return std::unexpected{Failure{"init was told to log nowhere (--no-log)"}};
  auto meant = instance_of(call, *directory);
  if (!meant) return std::unexpected{meant.error()};
  const std::string& instance = *meant;
  auto path = log_path(*directory, job, instance);
  auto read = read_log(path, *lines);
  if (!read && !(call.has("--follow") && read.error() == ENOENT))
    return std::unexpected{cannot_read(call, path, read.error(), job, instance)};
  bool exists = read.has_value();
  auto log = std::move(read).value_or(LogText{});
  if (call.wants_json() && !call.has("--follow"))
    call.print_json(Json{{"job", job}, {"instance", instance}, {"path", path.native()}, {"text", log.text}});
  else call.print_raw(log.text);
  if (!call.has("--follow")) return 0;
  if (!exists) call.context.err << waiting_for(path);
  return follow(call, path, log.end);
}

} // namespace

std::vector<Command> log_commands() {
  return {{.name = "log",
           .group = insight_group,
           .summary = "Show what a job has printed.",
           .synopsis = "JOB [INSTANCE|KEY=VALUE]...",
           .about = "Shows the console log of the job: what its processes have written to standard output and standard "
                    "error, if the job "
                    "has `console log', which is the default. An instance is meant by its name or by its variables.",
           .missing = "job name",
           .completion = "jobs instances",
           .options = {{"-f,--follow", "", "go on with what is added, until interrupted"},
                       {"-n,--lines", "COUNT", "only the last so many lines"}},
           .run = show_log}};
}

} // namespace upstart::client
