#include "daemons/init/configuration/directories.hpp"

#include <ranges>

namespace upstart::init {

namespace {

using protocol::Environment;

// The base directory specification wants absolute paths and has others ignored.
std::optional<std::string> base_directory(const Environment& environment, std::string_view key,
                                          const char* below_home) {
  auto value = variable(environment, key);
  if (value && value->starts_with('/')) return value;
  auto home = variable(environment, "HOME");
  if (!home) return std::nullopt;
  return *home + below_home;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& what) {
  to.insert(to.end(), what.begin(), what.end());
}

void append_below(std::vector<std::string>& to, const std::optional<std::string>& base, const char* below) {
  if (base) to.push_back(*base + below);
}

std::vector<std::string> session_directories(const Environment& environment) {
  std::vector<std::string> result;
  append_below(result, base_directory(environment, "XDG_CONFIG_HOME", "/.config"), "/upstart");
  append_below(result, variable(environment, "HOME"), "/.init");
  for (auto part : std::views::split(variable(environment, "XDG_CONFIG_DIRS").value_or("/etc/xdg"), ':'))
    if (std::string directory{std::string_view{part}}; directory.starts_with('/'))
      result.push_back(directory + "/upstart");
  result.emplace_back("/usr/share/upstart/sessions");
  return result;
}

std::vector<std::string> default_directories(Mode mode, const Environment& environment) {
  if (mode == Mode::user) return session_directories(environment);
  return {"/etc/init", "/etc/event.d"};
}

} // namespace

std::optional<std::string> variable(const Environment& environment, std::string_view key) {
  auto value = environment.get(key);
  if (!value || value->empty()) return std::nullopt;
  return std::string{*value};
}

std::vector<std::string> job_directories(const Options& options, const Environment& environment) {
  auto result = options.prepended_confdirs;
  if (!options.confdirs.empty()) append(result, options.confdirs);
  else if (auto given = variable(environment, "UPSTART_CONFDIR")) result.push_back(*given);
  else append(result, default_directories(options.mode, environment));
  append(result, options.appended_confdirs);
  return result;
}

std::optional<std::string> log_directory(const Options& options, const Environment& environment) {
  if (options.no_log) return std::nullopt;
  if (options.logdir) return options.logdir;
  if (auto given = variable(environment, "UPSTART_LOGDIR")) return given;
  if (options.mode != Mode::user) return "/var/log/upstart";
  auto cache = base_directory(environment, "XDG_CACHE_HOME", "/.cache");
  if (!cache) return std::nullopt;
  return *cache + "/upstart";
}

} // namespace upstart::init
