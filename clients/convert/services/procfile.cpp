#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/services.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <format>

namespace upstart::convert {

namespace {

namespace fs = std::filesystem;

constexpr int first_port = 5000, ports_apart = 100; // as foreman has it

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    lines.push_back(trimmed(line));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

struct Variable {
  std::string key, value;
};

std::vector<Variable> variables_of(std::string_view text) {
  std::vector<Variable> variables;
  for (auto line : lines_of(text)) {
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos || equals == 0) continue;
    auto value = trimmed(line.substr(equals + 1));
    if (value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
    variables.push_back({std::string{trimmed(line.substr(0, equals))}, std::string{value}});
  }
  return variables;
}

// What the file .env says of PORT is the port of the first line.
int port_of(const std::vector<Variable>& variables) {
  int port = first_port;
  for (const auto& [key, value] : variables)
    if (key == "PORT") std::from_chars(value.data(), value.data() + value.size(), port);
  return port;
}

struct Process {
  std::string name, command;
  std::size_t number; // of the line
};

// The lines that are processes; of the others the job for all says what is wrong with them.
std::vector<Process> processes_of(std::string_view text, const std::string& file, Job& all) {
  std::vector<Process> processes;
  std::size_t number = 0;
  for (auto line : lines_of(text)) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    auto missing = [&](std::string why) {
      all.remarks.push_back(
          {Remark::Kind::missing, std::format("{}:{}", file, number), std::string{line}, std::move(why)});
    };
    auto colon = line.find(':');
    auto name = line.substr(0, colon);
    auto command = colon == std::string_view::npos ? "" : trimmed(line.substr(colon + 1));
    auto same = std::ranges::find(processes, name, &Process::name);
    if (command.empty() || name != job_name(name)) missing("not NAME: COMMAND");
    else if (same != processes.end())
      missing(std::format("line {} has the name {}, too; this line is left out", same->number, name));
    else processes.push_back({std::string{name}, std::string{command}, number});
  }
  return processes;
}

Job job_of(const Process& process, const Job& all, const std::string& directory) {
  Job job{.name = std::format("{}-{}", all.name, process.name), .source = all.source};
  job.start_on("starting " + all.name);
  job.stop_on("stopping " + all.name);
  if (auto argument = as_argument(directory)) job.set("chdir " + *argument);
  else job.remarks.push_back({Remark::Kind::missing, file_name(all.source), "its directory", no_line_break});
  job.set("respawn");
  job.set("kill timeout 30");
  job.main = process.command;
  return job;
}

} // namespace

std::vector<Converted> convert_procfile(const std::string& path, std::string_view text, std::string_view variables) {
  std::error_code error;
  auto directory = fs::weakly_canonical(fs::absolute(path, error).parent_path(), error);
  auto app = job_name(directory.filename().string());
  Job all{.name = app, .source = path, .description = std::format("all processes of {}", app)};
  all.start_on("runlevel [2345]");
  all.stop_on("runlevel [!2345]");
  auto processes = processes_of(text, file_name(path), all);
  if (processes.empty()) return {{.source = path, .failure = "there is no line NAME: COMMAND in it"}};
  Converted converted{.source = path};
  converted.jobs.push_back(all);
  auto given = variables_of(variables);
  int port = port_of(given);
  for (const auto& process : processes) {
    auto job = job_of(process, all, directory.string());
    for (const auto& [key, value] : given)
      if (key != "PORT") add_variable(job, key, value);
    add_variable(job, "PORT", std::to_string(port));
    port += ports_apart;
    converted.jobs.push_back(std::move(job));
  }
  return {std::move(converted)};
}

} // namespace upstart::convert
