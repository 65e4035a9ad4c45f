// log: what a job has printed.
#include "clients/initctl/command.hpp"
#include "clients/initctl/log-file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
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
  if (error != std::errc{} || end != text->data() + text->size() || lines == 0) return std::unexpected{Failure{"not a number of lines: " + *text, true}};
  return lines;
}

// The instances of a job that have a log in that directory.
std::vector<std::string> logged_instances(const std::filesystem::path& directory, const std::string& job) {
  std::vector<std::string> instances;
  std::string prefix = log_name(job, "");
  prefix.replace(prefix.size() - 4, 4, "-");
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{directory, none}) {
    std::string name = entry.path().filename();
    if (name.starts_with(prefix) && name.ends_with(".log")) instances.push_back(name.substr(prefix.size(), name.size() - prefix.size() - 4));
  }
  std::ranges::sort(instances);
  return instances;
}

Failure cannot_read(const std::filesystem::path& path, int error, const std::string& job, const std::string& instance) {
  if (error != ENOENT) return {std::format("Unable to read {}: {}", path.native(), std::strerror(error))};
  auto others = instance.empty() ? logged_instances(path.parent_path(), job) : std::vector<std::string>{};
  if (others.empty()) return {std::format("{} has no log: {} does not exist", shown_name(job, instance), path.native())};
  std::string text = std::format("{} has a log for each instance. Name one of:", job);
  for (const auto& other : others) text += " " + other;
  return {text};
}

void follow(Call& call, const std::filesystem::path& path, std::size_t offset) {
  GrowingFile file{path, offset};
  while (call.surroundings.out.good()) {
    call.print(file.next());
    call.surroundings.out.flush();
  }
}

Outcome show_log(Call& call) {
  auto lines = lines_asked_for(call);
  if (!lines) return std::unexpected{lines.error()};
  std::string job = call.arguments[0];
  std::string instance = call.arguments.size() > 1 ? call.arguments[1] : "";
  (void)call.upstart->manager().GetJobByName(job);
  auto directory = log_directory(call, *call.upstart);
  if (!directory) return std::unexpected{Failure{"init was told to log nowhere (--no-log)"}};
  auto path = *directory / log_name(job, instance);
  auto read = read_log(path, *lines);
  if (!read && !(call.has("--follow") && read.error() == ENOENT)) return std::unexpected{cannot_read(path, read.error(), job, instance)};
  auto log = std::move(read).value_or(LogText{});
  if (call.wants_json() && !call.has("--follow"))
    call.print_json(Json{{"job", job}, {"instance", instance}, {"path", path.native()}, {"text", log.text}});
  else
    call.print(log.text);
  if (call.has("--follow")) follow(call, path, log.end);
  return 0;
}

} // namespace

std::vector<Command> log_commands() {
  return {{.name = "log",
           .group = insight_group,
           .summary = "Show what a job has printed.",
           .synopsis = "JOB [INSTANCE]",
           .about = "Shows the console log of the job: what its processes have written to standard output and standard error, if the job "
                    "has `console log', which is the default.",
           .missing = "job name",
           .options = {{"-f,--follow", "", "go on with what is added, until interrupted"}, {"-n,--lines", "COUNT", "only the last so many lines"}},
           .run = show_log}};
}

} // namespace upstart::client
