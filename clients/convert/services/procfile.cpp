#include "clients/convert/output/argument.hpp"
#include "clients/convert/output/shell-words.hpp"
#include "clients/convert/services/services.hpp"

#include <algorithm>
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

void add_variables(Job& job, std::string_view variables) {
  for (auto line : lines_of(variables)) {
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos || equals == 0) continue;
    auto value = trimmed(line.substr(equals + 1));
    if (value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
    add_variable(job, trimmed(line.substr(0, equals)), value);
  }
}

} // namespace

std::vector<Converted> convert_procfile(const std::string& path, std::string_view text, std::string_view variables) {
  std::error_code error;
  auto directory = fs::weakly_canonical(fs::absolute(path, error).parent_path(), error);
  auto app = job_name(directory.filename().string());
  Converted converted{.source = path};
  Job all{.name = app, .source = path, .description = std::format("all processes of {}", app)};
  all.start_on("runlevel [2345]");
  all.stop_on("runlevel [!2345]");
  converted.jobs.push_back(std::move(all));
  int port = first_port;
  std::size_t number = 0;
  for (auto line : lines_of(text)) {
    ++number;
    auto colon = line.find(':');
    if (line.empty() || line.starts_with('#')) continue;
    auto name = line.substr(0, colon);
    if (colon == std::string_view::npos || name != job_name(name)) {
      converted.jobs.front().remarks.push_back({Remark::Kind::missing, std::format("{}:{}", file_name(path), number),
                                                std::string{line}, "not NAME: COMMAND"});
      continue;
    }
    Job job{.name = std::format("{}-{}", app, name), .source = path};
    job.start_on("starting " + app);
    job.stop_on("stopping " + app);
    if (auto argument = as_argument(directory.string())) job.set("chdir " + *argument);
    else job.remarks.push_back({Remark::Kind::missing, file_name(path), "its directory", no_line_break});
    job.set("respawn");
    job.set("kill timeout 30");
    add_variable(job, "PORT", std::to_string(port));
    add_variables(job, variables);
    job.main = trimmed(line.substr(colon + 1));
    converted.jobs.push_back(std::move(job));
    port += ports_apart;
  }
  if (converted.jobs.size() == 1) return {{.source = path, .failure = "there is no line NAME: COMMAND in it"}};
  return {std::move(converted)};
}

} // namespace upstart::convert
